namespace Retrieval.Encoder;

/// <summary>Spearman's rank correlation.</summary>
internal static class Spearman
{
    /// <summary>Correlates two lists; equal values share the mean of their ranks.</summary>
    public static double Of(IReadOnlyList<double> a, IReadOnlyList<double> b) => Pearson(Ranks(a), Ranks(b));

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
