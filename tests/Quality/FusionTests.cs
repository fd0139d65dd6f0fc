using Retrieval.Contracts;
using Retrieval.Gateway;
using Retrieval.Quality.Data;
using Retrieval.Quality.Measures;
using Retrieval.Quality.Product;

namespace Retrieval.Quality;

/// <summary>The defaults of hybrid search against other settings.</summary>
public sealed class FusionTests(Server server, ResultTable results)
{
    private static readonly string[] Sets = ["xquad", "perlfaq", "cranfield"];

    // Half a question of the smallest set: less is chance.
    private const double Noticeable = 0.002;

    [Fact]
    public async Task No_other_setting_is_better_on_every_set()
    {
        FullRun.Require("a dozen settings on three sets take minutes.");
        double[] shipped = await MeasureAsync(new FusionOptions(), "as shipped");
        foreach (FusionOptions other in Others())
        {
            string name = other.Method == "scores" ? $"scores, weight {other.DenseWeight}, {other.Candidates} candidates" : $"ranks, k {other.K}, weight {other.DenseWeight}, {other.Candidates} candidates";
            double[] measured = await MeasureAsync(other, name);
            measured.Zip(shipped).All(m => m.First > m.Second + Noticeable).ShouldBeFalse($"{name} is better on every set: make it the default");
        }
    }

    private static IEnumerable<FusionOptions> Others() =>
    [
        .. from weight in new[] { 1, 1.5, 2.5, 4 } select new FusionOptions { DenseWeight = weight },
        new FusionOptions { Candidates = 100 },
        .. from k in new double[] { 0, 2, 10, 60 } from weight in new double[] { 1, 2 } select new FusionOptions { Method = "ranks", K = k, DenseWeight = weight },
    ];

    private async Task<double[]> MeasureAsync(FusionOptions fusion, string name)
    {
        List<double> means = [];
        foreach (string set in Sets)
        {
            EvaluationSet loaded = await server.IndexAsync(set, TestContext.Current.CancellationToken);
            means.Add((await Ranking.MeasureAsync(server.Pipeline(fusion), loaded, SearchMode.Hybrid, TestContext.Current.CancellationToken)).Average());
        }
        results.Add("Hybrid search by other settings, nDCG@10", ["fusion", .. Sets], [name, .. means.Cast<object>()]);
        return [.. means];
    }
}
