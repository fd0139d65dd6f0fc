using Retrieval.Vectors.Advisor;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>recall@10 of each query against exact search, and what its mean is worth.</summary>
internal sealed class Recall(VectorSet set, int queries)
{
    public const int Top = 10;

    /// <summary>The exact ten best of each query.</summary>
    public int[][] Exact { get; } = ExactNeighbours.Find(set.Rows, set.Queries.AsSpan(0, queries * set.Dimensions), set.Dimensions, Top, CancellationToken.None);

    /// <summary>Share of the exact ten among the first <paramref name="take"/> found, query by query.</summary>
    public double[] Of(int[][] found, int take = Top) => [.. Exact.Zip(found, (e, f) => f.Take(take).Intersect(e).Count() / (double)Top)];

    /// <summary>Mean and the half of its 95 % interval.</summary>
    public static (double Mean, double Half) Interval(double[] values)
    {
        double mean = values.Average();
        return (mean, 1.96 * Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length));
    }

    /// <summary>As it is printed.</summary>
    public static string Print(double[] values) => $"{Interval(values).Mean:0.000} ± {Interval(values).Half:0.000}";
}
