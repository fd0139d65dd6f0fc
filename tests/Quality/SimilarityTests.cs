using System.Globalization;
using System.Numerics.Tensors;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>Agreement with people about how alike two sentences are.</summary>
public sealed class SimilarityTests(ResultTable results, ITestOutputHelper output)
{
    [Fact]
    public async Task Cosines_on_the_sts_benchmark_rank_pairs_as_the_reference_does()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        List<(double Score, string First, string Second)> pairs = [.. File.ReadLines(Shared.Require("eval", "stsb", "test.tsv")).Skip(1).Select(l => l.Split('\t')).Select(r => (double.Parse(r[0], CultureInfo.InvariantCulture), r[1], r[2]))];
        using LocalEncoder encoder = Models.Open(Models.Default, threads: 2);
        float[][] first = await EmbedAsync(encoder, [.. pairs.Select(p => p.First)], cancellationToken), second = await EmbedAsync(encoder, [.. pairs.Select(p => p.Second)], cancellationToken);
        double spearman = Spearman.Of([.. first.Zip(second, (a, b) => (double)TensorPrimitives.Dot<float>(a, b))], [.. pairs.Select(p => p.Score)]);
        output.WriteLine($"STS-B test, {pairs.Count} pairs: Spearman {spearman:0.0000}");
        results.Add("Sentence similarity", ["set", "pairs", "Spearman of the cosine"], "STS-B test", pairs.Count, spearman);
        spearman.ShouldBe(0.819, 0.002);
    }

    private static async Task<float[][]> EmbedAsync(LocalEncoder encoder, string[] texts, CancellationToken cancellationToken) =>
        [.. (await encoder.EmbedAsync(new EmbedRequest(texts), cancellationToken)).Vectors];
}
