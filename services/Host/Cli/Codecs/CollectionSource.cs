using System.Runtime.InteropServices;
using Retrieval.Contracts;
using Retrieval.Vectors;
using Retrieval.Vectors.Advisor;

namespace Retrieval.Host.Cli;

/// <summary>Vectors of a collection, with questions that its encoder encodes as those of a search.</summary>
internal static class CollectionSource
{
    private const int QuestionsAtOnce = 32;

    public static async Task<BenchSource> ReadAsync(RetrievalClient client, BenchRequest request, CancellationToken cancellationToken)
    {
        CollectionInfo collection = await client.CollectionAsync(request.Vectors, cancellationToken);
        if (collection.Chunks == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Collection '{collection.Name}' has no vectors.", "vectors", collection.Name, "a collection with documents", "Index documents first.");
        }
        NpyFormat vectors = await client.VectorsAsync(collection.Name, request.Sample, request.Seed, cancellationToken);
        (float[] queries, string about) = await QueriesAsync(client, collection, request, cancellationToken);
        long all = Math.Max(collection.Chunks, vectors.Rows);
        return new BenchSource(new BenchVectors(vectors.Numbers, queries, vectors.Dimensions, all), $"{BenchSource.Part(vectors.Rows, all)} of collection '{collection.Name}'; {about}");
    }

    private static async Task<(float[] Queries, string About)> QueriesAsync(RetrievalClient client, CollectionInfo collection, BenchRequest request, CancellationToken cancellationToken)
    {
        if (request.Queries is { } file && file.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            return (FileSource.Queries(file, collection.Dimensions, request), $"queries of {file}");
        }
        if (request.Queries is { } texts)
        {
            string[] own = [.. TextsFile.Read(texts, "--queries")];
            new Random(request.Seed).Shuffle(own);
            own = own[..Math.Min(own.Length, request.Count)];
            return (await EncodeAsync(client, collection.Name, own, cancellationToken), $"{own.Length} questions of {texts}");
        }
        QuestionSample sample = await client.QuestionsAsync(collection.Name, request.Count, request.Seed, cancellationToken);
        return (await EncodeAsync(client, collection.Name, sample.Questions, cancellationToken),
            $"{sample.Titles} titles and {sample.Questions.Count - sample.Titles} sentences of its documents stand in for questions; your own: --queries");
    }

    private static async Task<float[]> EncodeAsync(RetrievalClient client, string collection, IReadOnlyList<string> questions, CancellationToken cancellationToken)
    {
        List<float> vectors = [];
        await Progress.RunAsync(Terminal.Remarks, "Encoding", "questions", questions.Count, async tell =>
        {
            int done = 0;
            foreach (string[] some in questions.Chunk(QuestionsAtOnce))
            {
                vectors.AddRange(MemoryMarshal.Cast<byte, float>((await client.EncodeQuestionsAsync(collection, some, cancellationToken)).Float32));
                tell(done += some.Length, "Encoding");
            }
        });
        return [.. vectors];
    }
}
