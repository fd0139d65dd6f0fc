namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// Lloyd's algorithm as FAISS runs it: seeded points as the first centroids, a fixed number of rounds, an empty cluster takes half of a large one, and at
/// most 256 points a centroid are looked at.
/// </summary>
internal static class KMeans
{
    /// <summary>Points a centroid, beyond which the sample is thinned.</summary>
    public const int MostPoints = 256;

    // How far the two halves of a split cluster are moved apart.
    private const float Apart = 1f / 1024;

    /// <summary>
    /// Centroids, row by row. With no more points than centroids, the points themselves; the rest repeat the first and are never chosen.
    /// </summary>
    public static float[] Train(ReadOnlySpan<float> points, int dimensions, int count, KMeansPlan plan, CancellationToken cancellationToken)
    {
        int rows = points.Length / dimensions;
        float[] centroids = plan.Start ?? FirstPoints(points, dimensions, count, plan.Seed);
        if (rows <= count)
        {
            return FirstPoints(points, dimensions, count, null);
        }
        Random random = new(plan.Seed);
        int[] assigned = new int[rows];
        for (int round = 0; round < plan.Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Assign(points, dimensions, centroids, assigned);
            Update(points, dimensions, centroids, assigned, random);
        }
        return centroids;
    }

    private static float[] FirstPoints(ReadOnlySpan<float> points, int dimensions, int count, int? seed)
    {
        int rows = points.Length / dimensions;
        int[] order = [.. Enumerable.Range(0, rows)];
        if (seed is { } value)
        {
            new Random(value).Shuffle(order);
        }
        float[] centroids = new float[count * dimensions];
        for (int c = 0; c < count; c++)
        {
            points.Slice(order[c < rows ? c : 0] * dimensions, dimensions).CopyTo(centroids.AsSpan(c * dimensions));
        }
        return centroids;
    }

    private static void Assign(ReadOnlySpan<float> points, int dimensions, float[] centroids, int[] assigned)
    {
        SubCodebook book = new(centroids, dimensions);
        for (int i = 0; i < assigned.Length; i++)
        {
            assigned[i] = book.Nearest(points.Slice(i * dimensions, dimensions)).Centroid;
        }
    }

    private static void Update(ReadOnlySpan<float> points, int dimensions, float[] centroids, int[] assigned, Random random)
    {
        int[] sizes = new int[centroids.Length / dimensions];
        double[] sums = new double[centroids.Length];
        for (int i = 0; i < assigned.Length; i++)
        {
            sizes[assigned[i]]++;
            for (int j = 0; j < dimensions; j++)
            {
                sums[assigned[i] * dimensions + j] += points[i * dimensions + j];
            }
        }
        for (int i = 0; i < sums.Length; i++)
        {
            centroids[i] = sizes[i / dimensions] > 0 ? (float)(sums[i] / sizes[i / dimensions]) : centroids[i];
        }
        SplitLarge(centroids, dimensions, sizes, assigned.Length, random);
    }

    /// <summary>A cluster is chosen to be split with a chance that grows with its points beyond one.</summary>
    private static void SplitLarge(float[] centroids, int dimensions, int[] sizes, int rows, Random random)
    {
        for (int empty = 0; empty < sizes.Length; empty++)
        {
            if (sizes[empty] > 0)
            {
                continue;
            }
            int large = 0;
            while (random.NextDouble() >= (sizes[large] - 1.0) / (rows - sizes.Length))
            {
                large = (large + 1) % sizes.Length;
            }
            for (int j = 0; j < dimensions; j++)
            {
                float value = centroids[large * dimensions + j], shift = j % 2 == 0 ? Apart : -Apart;
                centroids[empty * dimensions + j] = value * (1 + shift);
                centroids[large * dimensions + j] = value * (1 - shift);
            }
            sizes[empty] = sizes[large] / 2;
            sizes[large] -= sizes[empty];
        }
    }
}

/// <summary>How k-means runs: rounds, seed, and centroids to start from instead of seeded points.</summary>
internal sealed record KMeansPlan(int Rounds, int Seed, float[]? Start = null);
