using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;
using Ranking = Retrieval.Quality.Product.Ranking;

namespace Retrieval.Quality;

/// <summary>Ranking quality of the product as it ships.</summary>
public sealed class SearchTests(Server server, ResultTable results, ITestOutputHelper output)
{
    // Sums of discounts in another order; far below one changed rank.
    private const double Noise = 1e-9;

    private const int Seed = 17;

    private static readonly string[] Columns = ["set", "questions", "dense", "lexical", "hybrid", "hybrid minus dense, 95 % interval"];

    [Theory]
    [InlineData("xquad", 0.94)]
    [InlineData("perlfaq", 0.795)]
    [InlineData("cranfield", 0.36)]
    public async Task Dense_search_reaches_the_reference_and_hybrid_is_not_below_its_better_part(string name, double leastDense)
    {
        if (name == "cranfield")
        {
            FullRun.Require("1,400 abstracts take a minute.");
        }
        (double dense, double lexical, double hybrid) = await MeasureAsync(name);
        dense.ShouldBeGreaterThanOrEqualTo(leastDense);
        hybrid.ShouldBeGreaterThanOrEqualTo(Math.Max(dense, lexical) - Noise);
    }

    [Fact]
    public async Task The_search_endpoint_gives_the_hits_that_are_measured_here()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync("xquad", cancellationToken);
        foreach (Question question in set.Questions.Take(20))
        {
            SearchRequest request = new() { Query = question.Text };
            SearchResponse over = await server.Client.SearchAsync(set.Name, request, cancellationToken), inside = await server.Pipeline().SearchAsync(set.Name, request, cancellationToken);
            over.Hits.Select(h => (h.Chunk, h.Score)).ShouldBe(inside.Hits.Select(h => (h.Chunk, h.Score)), question.Text);
        }
    }

    private async Task<(double Dense, double Lexical, double Hybrid)> MeasureAsync(string name)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        EvaluationSet set = await server.IndexAsync(name, cancellationToken);
        List<double> dense = await Ranking.MeasureAsync(server.Pipeline(), set, SearchMode.Dense, cancellationToken);
        List<double> lexical = await Ranking.MeasureAsync(server.Pipeline(), set, SearchMode.Lexical, cancellationToken);
        List<double> hybrid = await Ranking.MeasureAsync(server.Pipeline(), set, SearchMode.Hybrid, cancellationToken);
        string gain = ResultTable.Interval(Bootstrap.Mean([.. hybrid.Zip(dense, (h, d) => h - d)], Seed));
        output.WriteLine($"{name}: nDCG@10 dense {dense.Average():0.0000}, lexical {lexical.Average():0.0000}, hybrid {hybrid.Average():0.0000}; hybrid minus dense {gain}");
        results.Add("Search, nDCG@10 of documents", Columns, name, set.Questions.Count, dense.Average(), lexical.Average(), hybrid.Average(), gain);
        return (dense.Average(), lexical.Average(), hybrid.Average());
    }
}
