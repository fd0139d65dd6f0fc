using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>A vector does not depend on what else was in the batch: to the last bit, for the shipped model.</summary>
public sealed class BatchTests(ITestOutputHelper output)
{
    private const int Paragraphs = 60, Seed = 20, Fp32Texts = 90;

    [Theory]
    [InlineData(1, 128)]
    [InlineData(1, 8192)]
    [InlineData(2, 256)]
    [InlineData(2, 1024)]
    [InlineData(4, 2048)]
    public async Task Batches_give_the_bits_of_single_runs(int threads, int batchTokens)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string[] texts = Texts();
        List<float[]> expected = await SinglesAsync(texts, cancellationToken);
        using LocalEncoder encoder = Models.Open(Models.Default, threads, batchTokens);
        Random random = new(Seed + threads + batchTokens);
        (int Index, float[] Vector)[][] answers = await Task.WhenAll(Requests(texts.Length, random).Select(r => EmbedAsync(encoder, texts, r, random.Next(2) == 0 ? InputKind.Document : InputKind.Query, cancellationToken)));
        foreach ((int index, float[] vector) in answers.SelectMany(a => a))
        {
            vector.AsSpan().SequenceEqual(expected[index]).ShouldBeTrue(
                $"text {index} ({texts[index].Length} characters), {threads} threads, {batchTokens} tokens a batch: differs by up to {vector.Zip(expected[index], (a, b) => Math.Abs(a - b)).Max()}");
        }
        output.WriteLine($"{answers.Sum(a => a.Length)} vectors of {answers.Length} concurrent requests equal those of single runs.");
    }

    /// <summary>Sums in fp32 round by the order of their terms, which follows the shape of the batch.</summary>
    [Theory]
    [InlineData(1, 8192)]
    [InlineData(2, 512)]
    public async Task Batches_of_an_fp32_model_are_single_runs_within_a_hundred_thousandth(int threads, int batchTokens)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string folder = Shared.Require("models", "all-MiniLM-L6-v2");
        string[] texts = Texts()[..Fp32Texts];
        using LocalEncoder single = Models.Open(folder), batched = Models.Open(folder, threads, batchTokens);
        List<float[]> expected = await Models.OneByOneAsync(single, texts, InputKind.Document, cancellationToken);
        IReadOnlyList<float[]> vectors = (await batched.EmbedAsync(new EmbedRequest(texts, InputKind.Document), cancellationToken)).Vectors;
        float worst = vectors.Zip(expected, (v, e) => v.Zip(e, (a, b) => Math.Abs(a - b)).Max()).Max();
        output.WriteLine($"largest difference {worst:0.0e+0}");
        worst.ShouldBeLessThan(1e-5f);
    }

    /// <summary>Texts of 2 to 256 tokens: the 60 short ones, paragraphs, and beginnings of paragraphs, so that most lengths occur.</summary>
    private static string[] Texts()
    {
        string[] real = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Shared.Require("golden", "real", "texts.json")))!;
        string[] paragraphs = [.. EvaluationSet.Load("xquad").Corpus.Take(Paragraphs).Select(p => p.Text)];
        Random random = new(Seed);
        return [.. real, .. paragraphs, .. paragraphs.Select(p => p[..random.Next(1, p.Length)])];
    }

    private static async Task<List<float[]>> SinglesAsync(string[] texts, CancellationToken cancellationToken)
    {
        using LocalEncoder encoder = Models.Open(Models.Default);
        return await Models.OneByOneAsync(encoder, texts, InputKind.Document, cancellationToken);
    }

    /// <summary>Every text twice, shuffled, in requests of 1 to 24 texts.</summary>
    private static IEnumerable<int[]> Requests(int texts, Random random)
    {
        int[] order = [.. Enumerable.Range(0, 2 * texts).Select(i => i % texts)];
        random.Shuffle(order);
        for (int at = 0, size; at < order.Length; at += size)
        {
            size = Math.Min(random.Next(1, 25), order.Length - at);
            yield return order[at..(at + size)];
        }
    }

    private static async Task<(int, float[])[]> EmbedAsync(LocalEncoder encoder, string[] texts, int[] request, InputKind kind, CancellationToken cancellationToken)
    {
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest([.. request.Select(i => texts[i])], kind), cancellationToken);
        return [.. request.Select((index, i) => (index, result.Vectors[i]))];
    }
}
