using System.Text;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Tests.Data;
using Retrieval.Vectors;

namespace Retrieval.Benchmarks;

/// <summary>
/// Chunks with seeded unit vectors, written to the catalog without an encoder. Each text is one sentence of xquad among words of a seeded vocabulary
/// whose frequencies fall as 1/rank, so that a question's words are about as rare as in a real collection of that size.
/// </summary>
internal sealed class SeededCorpus(int chunks, int dimensions)
{
    public const string Collection = "seeded";
    private const int Seed = 42, ChunksADocument = 10, WordsAChunk = 70, Vocabulary = 50_000, AtOnce = 64;

    /// <summary>The vector of every chunk, row-major; the catalog's order of documents is that of their acceptance.</summary>
    public float[] Vectors { get; } = MakeVectors(chunks, dimensions);

    /// <summary>Fills a data folder that no server holds.</summary>
    public async Task WriteAsync(string folder, string encoder, VectorSpace space, CancellationToken cancellationToken)
    {
        using DataFolder data = DataFolder.Open(folder);
        await using Catalog catalog = await Catalog.OpenAsync(data, TimeProvider.System, cancellationToken);
        CollectionRow collection = await catalog.PutCollectionAsync(Collection, encoder, space, null, cancellationToken);
        string[] sentences = Sentences();
        foreach (int[] documents in Enumerable.Range(0, chunks / ChunksADocument).Chunk(AtOnce))
        {
            await Task.WhenAll(documents.Select(d => StoreAsync(catalog, collection, d, sentences, cancellationToken)));
        }
    }

    private async Task StoreAsync(Catalog catalog, CollectionRow collection, int number, string[] sentences, CancellationToken cancellationToken)
    {
        Random random = new(Seed + number);
        StringBuilder text = new();
        List<NewChunk> parts = [];
        for (int i = 0; i < ChunksADocument; i++)
        {
            int start = text.Length, row = number * ChunksADocument + i;
            AppendChunk(text, sentences[random.Next(sentences.Length)], random);
            parts.Add(new NewChunk(i, start, text.Length, WordsAChunk, Vectors.AsSpan(row * dimensions, dimensions).ToArray(), ReuseKey.Of(collection.Space, $"{row}")));
        }
        DocumentInput document = new() { Id = $"document-{number:d6}", Title = $"Document {number}", Text = text.ToString() };
        Job accepted = await catalog.AcceptAsync(collection, JobKind.Upsert, JobQueue.Bulk, document, "text/plain", cancellationToken);
        Job begun = (await catalog.BeginAsync(accepted.Id, TimeSpan.FromMinutes(10), cancellationToken))!;
        await catalog.StoreAsync(begun, document, parts, collection.Space, [], cancellationToken);
    }

    private static void AppendChunk(StringBuilder text, string sentence, Random random)
    {
        text.Append(sentence);
        for (int i = 0; i < WordsAChunk; i++)
        {
            // The inverse of the distribution function of 1/rank.
            text.Append(' ').Append('w').Append((int)Math.Pow(Vocabulary, random.NextDouble()));
        }
        text.Append(".\n");
    }

    private static string[] Sentences() => [.. XquadTexts("corpus.jsonl").SelectMany(t => Tokenization.SentenceSplitter.Split(t).Select(s => t[s.Start..s.End]))];

    /// <summary>The texts of one of xquad's files.</summary>
    public static IEnumerable<string> XquadTexts(string file) => File.ReadLines(Path.Combine(TestData.FindShared("eval", "xquad") ?? throw new InvalidOperationException("shared/eval/xquad is not there."), file))
        .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!);

    private static float[] MakeVectors(int rows, int dimensions)
    {
        Random random = new(Seed);
        float[] vectors = new float[rows * dimensions];
        for (int i = 0; i < vectors.Length; i++)
        {
            vectors[i] = random.NextSingle() + random.NextSingle() - 1;
        }
        for (int row = 0; row < rows; row++)
        {
            Kernels.Normalize(vectors.AsSpan(row * dimensions, dimensions));
        }
        return vectors;
    }
}
