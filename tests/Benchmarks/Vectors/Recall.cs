using Retrieval.Vectors;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>recall@10 of each query against exact search, and what its mean is worth.</summary>
internal sealed class Recall(VectorSet set, int queries)
{
    public const int Top = 10;

    /// <summary>The exact ten best of each query.</summary>
    public int[][] Exact { get; } = FindExact(set, queries);

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

    private static int[][] FindExact(VectorSet set, int queries)
    {
        const int block = 4096;
        TopRows[] best = [.. Enumerable.Range(0, queries).Select(_ => new TopRows(Top))];
        PackedMatrix packed = PackedMatrix.OfTransposed(set.Queries.AsSpan(0, queries * set.Dimensions), queries, set.Dimensions);
        float[] scores = new float[block * queries];
        for (int first = 0; first < set.Count; first += block)
        {
            int count = Math.Min(block, set.Count - first);
            packed.Multiply(set.Rows.AsMemory(first * set.Dimensions, count * set.Dimensions), count, scores.AsMemory(0, count * queries), CancellationToken.None);
            for (int i = 0; i < count * queries; i++)
            {
                best[i % queries].Add(first + i / queries, scores[i]);
            }
        }
        return [.. best.Select(b => b.ToSorted().Select(r => r.Row).ToArray())];
    }
}
