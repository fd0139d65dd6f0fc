using Retrieval.Encoder;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Retrieval.Tests.Data;

namespace Retrieval.Quality;

/// <summary>Agreement with people about how alike two sentences are.</summary>
public sealed class SimilarityTests(ResultTable results, ITestOutputHelper output)
{
    [Theory]
    [InlineData("all-MiniLM-L6-v2", 0.819)]
    [InlineData("all-MiniLM-L6-v2-int8", 0.820)]
    [InlineData("bge-small-en-v1.5", 0.859)]
    [InlineData("leaf-mini-en", 0.834)]
    public async Task Cosines_on_the_sts_benchmark_rank_pairs_as_published(string model, double published)
    {
        string folder = model == "all-MiniLM-L6-v2" ? Models.Default : Shared.Require("models", model);
        using LocalEncoder encoder = Models.Open(folder, threads: 2);
        double spearman = await Upgraded.MeasureAsync(encoder, Shared.Require("eval", "stsb", "test.tsv"), TestContext.Current.CancellationToken);
        output.WriteLine($"{model} on STS-B test: Spearman {spearman:0.0000}");
        results.Add("Sentence similarity, STS-B test, Spearman of the cosine", ["model", "published", "measured"], model, published, spearman);
        spearman.ShouldBe(published, 0.002);
    }
}
