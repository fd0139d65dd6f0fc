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

    /// <summary>Spearman's rank correlation; equal values share the mean of their ranks.</summary>
    public static double Spearman(IReadOnlyList<double> a, IReadOnlyList<double> b) => Pearson(Ranks(a), Ranks(b));

    private static double Pearson(double[] a, double[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double together = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return together / Math.Sqrt(a.Sum(x => (x - meanA) * (x - meanA)) * b.Sum(y => (y - meanB) * (y - meanB)));
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        double[] ranks = new double[values.Count];
        for (int first = 0, next; first < order.Length; first = next)
        {
            for (next = first; next < order.Length && values[order[next]] == values[order[first]]; next++)
            {
            }
            foreach (int i in order.AsSpan(first, next - first))
            {
                ranks[i] = (first + next - 1) / 2.0;
            }
        }
        return ranks;
    }
}
