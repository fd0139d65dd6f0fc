using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors.Codecs.Product;

/// <summary>
/// Centroids of one sub-space, dimension by dimension, so that 16 of them are measured at once. The distance to a centroid is one chain of fused
/// multiply-adds along the dimensions and the lowest number wins a tie: the same choice on every machine.
/// </summary>
internal sealed class SubCodebook
{
    private const int Lanes = 16;
    private readonly float[] _columns;
    private readonly int _stride;

    /// <summary>Takes centroids row by row.</summary>
    public SubCodebook(ReadOnlySpan<float> centroids, int dimensions)
    {
        (Dimensions, Count) = (dimensions, centroids.Length / dimensions);
        _stride = (Count + Lanes - 1) / Lanes * Lanes;
        _columns = new float[_stride * dimensions];
        Array.Fill(_columns, float.PositiveInfinity);
        for (int i = 0; i < centroids.Length; i++)
        {
            _columns[i % dimensions * _stride + i / dimensions] = centroids[i];
        }
    }

    /// <summary>Numbers in a centroid.</summary>
    public int Dimensions { get; }

    /// <summary>Number of centroids.</summary>
    public int Count { get; }

    /// <summary>One number of a centroid.</summary>
    public float this[int centroid, int dimension] => _columns[dimension * _stride + centroid];

    /// <summary>The nearest centroid by Euclidean distance, and its square.</summary>
    public (int Centroid, float Distance) Nearest(ReadOnlySpan<float> point)
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            return NearestScalar(point);
        }
        ref float columns = ref MemoryMarshal.GetArrayDataReference(_columns);
        Vector512<float> best = Vector512.Create(float.PositiveInfinity);
        Vector512<int> bestAt = Vector512<int>.Zero, at = Vector512.CreateSequence(0, 1), step = Vector512.Create(Lanes);
        for (int first = 0; first < _stride; first += Lanes, at += step)
        {
            Vector512<float> distance = Vector512<float>.Zero;
            for (int j = 0; j < point.Length; j++)
            {
                Vector512<float> difference = Vector512.Create(point[j]) - Vector512.LoadUnsafe(ref columns, (nuint)(j * _stride + first));
                distance = Vector512.FusedMultiplyAdd(difference, difference, distance);
            }
            Vector512<float> nearer = Vector512.LessThan(distance, best);
            best = Vector512.ConditionalSelect(nearer, distance, best);
            bestAt = Vector512.ConditionalSelect(nearer.AsInt32(), at, bestAt);
        }
        return Lowest(best, bestAt);
    }

    /// <summary>The scalar twin.</summary>
    public (int Centroid, float Distance) NearestScalar(ReadOnlySpan<float> point)
    {
        (int at, float best) = (0, float.PositiveInfinity);
        for (int c = 0; c < Count; c++)
        {
            float distance = Distance(point, c);
            (at, best) = distance < best ? (c, distance) : (at, best);
        }
        return (at, best);
    }

    /// <summary>The squared distance to one centroid.</summary>
    public float Distance(ReadOnlySpan<float> point, int centroid)
    {
        float distance = 0;
        for (int j = 0; j < point.Length; j++)
        {
            float difference = point[j] - this[centroid, j];
            distance = MathF.FusedMultiplyAdd(difference, difference, distance);
        }
        return distance;
    }

    /// <summary>Inner products with all centroids.</summary>
    public void Dots(ReadOnlySpan<float> point, Span<float> dots)
    {
        for (int c = 0; c < Count; c++)
        {
            float sum = 0;
            for (int j = 0; j < point.Length; j++)
            {
                sum = MathF.FusedMultiplyAdd(point[j], this[c, j], sum);
            }
            dots[c] = sum;
        }
    }

    /// <summary>Row by row, as they were given.</summary>
    public float[] ToRows()
    {
        float[] rows = new float[Count * Dimensions];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = this[i / Dimensions, i % Dimensions];
        }
        return rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Centroid, float Distance) Lowest(Vector512<float> best, Vector512<int> bestAt)
    {
        Vector256<float> half = Vector256.Min(best.GetLower(), best.GetUpper());
        Vector128<float> quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        float lowest = MathF.Min(MathF.Min(quarter[0], quarter[1]), MathF.Min(quarter[2], quarter[3]));
        Vector512<int> where = Vector512.ConditionalSelect(Vector512.Equals(best, Vector512.Create(lowest)).AsInt32(), bestAt, Vector512.Create(int.MaxValue));
        Vector256<int> first = Vector256.Min(where.GetLower(), where.GetUpper());
        Vector128<int> least = Vector128.Min(first.GetLower(), first.GetUpper());
        int at = Math.Min(Math.Min(least[0], least[1]), Math.Min(least[2], least[3]));
        return (at, lowest);
    }
}
