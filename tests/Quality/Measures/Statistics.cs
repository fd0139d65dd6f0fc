namespace Retrieval.Quality.Measures;

/// <summary>What is said about a list of figures.</summary>
internal static class Statistics
{
    private const int Resamples = 2000, Seed = 17;

    /// <summary>The 95 % interval of the mean difference of two paired lists, by bootstrap over the pairs.</summary>
    public static (double Low, double High) PairedInterval(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double[] differences = [.. a.Zip(b, (x, y) => x - y)];
        Random random = new(Seed);
        double[] means = [.. Enumerable.Range(0, Resamples).Select(_ => Enumerable.Range(0, differences.Length).Average(_ => differences[random.Next(differences.Length)])).Order()];
        return (means[Resamples / 40], means[^(Resamples / 40)]);
    }
}
