using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors;

/// <summary>
/// Float32 kernels over spans of equal length. Products go into 32 interleaved partial sums that are folded in a fixed order, whatever the
/// width of the hardware's vectors: the scalar twin gives the same bits, and so does every machine with a fused multiply-add.
/// </summary>
public static class Kernels
{
    // Four 256-bit registers: enough independent sums to hide the latency of a fused multiply-add, and native or paired on every machine.
    private const int Lanes = 32, Width = 8;

    // Below it the squares of the smaller numbers lose their bits.
    private const float SmallestSquare = 1e-24f;

    /// <summary>Inner product.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        RequireEqual(a, b);
        if (!Vector128.IsHardwareAccelerated)
        {
            return DotScalar(a, b);
        }
        ReadOnlySpan<Vector256<float>> x = MemoryMarshal.Cast<float, Vector256<float>>(a), y = MemoryMarshal.Cast<float, Vector256<float>>(b)[..x.Length];
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 4 <= x.Length; i += 4)
        {
            s0 = Vector256.FusedMultiplyAdd(x[i], y[i], s0);
            s1 = Vector256.FusedMultiplyAdd(x[i + 1], y[i + 1], s1);
            s2 = Vector256.FusedMultiplyAdd(x[i + 2], y[i + 2], s2);
            s3 = Vector256.FusedMultiplyAdd(x[i + 3], y[i + 3], s3);
        }
        Vector256<float> sum = (s0 + s1) + (s2 + s3);
        Vector128<float> half = sum.GetLower() + sum.GetUpper();
        return (half[0] + half[1]) + (half[2] + half[3]) + Tail(a, b, i * Width);
    }

    /// <summary>The scalar twin of <see cref="Dot"/>: the same partial sums in the same order.</summary>
    public static float DotScalar(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        RequireEqual(a, b);
        Span<float> s = stackalloc float[Lanes];
        s.Clear();
        int whole = a.Length - a.Length % Lanes;
        for (int i = 0; i < whole; i++)
        {
            s[i % Lanes] = MathF.FusedMultiplyAdd(a[i], b[i], s[i % Lanes]);
        }
        Span<float> half = stackalloc float[Width / 2];
        for (int l = 0; l < half.Length; l++)
        {
            half[l] = Column(s, l) + Column(s, l + Width / 2);
        }
        return (half[0] + half[1]) + (half[2] + half[3]) + Tail(a, b, whole);
    }

    /// <summary>Squared Euclidean distance.</summary>
    public static float SquaredDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        RequireEqual(a, b);
        return CodeKernels.SquaredDistance<Float32Format>(a, MemoryMarshal.AsBytes(b));
    }

    /// <summary>Cosine; 0 where a side has no length.</summary>
    public static float Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        RequireEqual(a, b);
        return CodeKernels.Cosine<Float32Format>(a, MemoryMarshal.AsBytes(b));
    }

    /// <summary>Scales to unit length in place. False, and nothing changed, for a vector without length or with a number that is not finite.</summary>
    public static bool Normalize(Span<float> a)
    {
        float square = Dot(a, a);
        return square is > SmallestSquare and < float.PositiveInfinity ? Divide(a, MathF.Sqrt(square)) : NormalizeExtreme(a);
    }

    /// <summary>Numbers whose squares leave the range of float32 are brought near one first.</summary>
    private static bool NormalizeExtreme(Span<float> a)
    {
        float largest = 0;
        foreach (float x in a)
        {
            largest = MathF.Max(largest, MathF.Abs(x));
        }
        if (largest == 0 || !float.IsFinite(largest))
        {
            return false;
        }
        Divide(a, largest);
        return Divide(a, MathF.Sqrt(Dot(a, a)));
    }

    private static bool Divide(Span<float> a, float by)
    {
        for (int i = 0; i < a.Length; i++)
        {
            a[i] /= by;
        }
        return true;
    }

    private static float Column(Span<float> s, int lane) => (s[lane] + s[lane + Width]) + (s[lane + 2 * Width] + s[lane + 3 * Width]);

    private static float Tail(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int from)
    {
        float sum = 0;
        for (int i = from; i < a.Length; i++)
        {
            sum = MathF.FusedMultiplyAdd(a[i], b[i], sum);
        }
        return sum;
    }

    private static void RequireEqual(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            throw new ArgumentException($"Vectors of {a.Length} and {b.Length} dimensions cannot be compared.");
        }
    }
}
