using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors;

/// <summary>
/// A float32 query against one code of any format. As in <see cref="Kernels"/>: 32 interleaved partial sums, folded in a fixed order, so that the
/// scalar twins and all machines give the same bits.
/// </summary>
public static class CodeKernels
{
    private const int Lanes = 32, Width = 8;

    /// <summary>Inner product.</summary>
    public static float Dot<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat => Fold<TFormat, Product>(query, code);

    /// <summary>Squared Euclidean distance.</summary>
    public static float SquaredDistance<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat => Fold<TFormat, Difference>(query, code);

    /// <summary>Cosine; 0 where a side has no length.</summary>
    public static float Cosine<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat =>
        Cosine(Fold<TFormat, Product>(query, code), Kernels.Dot(query, query), Fold<TFormat, Square>(query, code));

    /// <summary>The scalar twin of <see cref="Dot"/>.</summary>
    public static float DotScalar<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat => FoldScalar<TFormat, Product>(query, code);

    /// <summary>The scalar twin of <see cref="SquaredDistance"/>.</summary>
    public static float SquaredDistanceScalar<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat => FoldScalar<TFormat, Difference>(query, code);

    /// <summary>The scalar twin of <see cref="Cosine{TFormat}"/>.</summary>
    public static float CosineScalar<TFormat>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat =>
        Cosine(FoldScalar<TFormat, Product>(query, code), Kernels.DotScalar(query, query), FoldScalar<TFormat, Square>(query, code));

    internal static float Cosine(float dot, float a, float b) => a > 0 && b > 0 ? dot / (MathF.Sqrt(a) * MathF.Sqrt(b)) : 0;

    private static float Fold<TFormat, TStep>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat where TStep : IStep
    {
        RequireCode<TFormat>(query.Length, code.Length);
        if (!Vector128.IsHardwareAccelerated)
        {
            return FoldScalar<TFormat, TStep>(query, code);
        }
        ReadOnlySpan<Vector256<float>> q = MemoryMarshal.Cast<float, Vector256<float>>(query);
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 4 <= q.Length; i += 4)
        {
            FloatLanes x = TFormat.Load(code, i * Width);
            s0 = TStep.Add(q[i], x.A, s0);
            s1 = TStep.Add(q[i + 1], x.B, s1);
            s2 = TStep.Add(q[i + 2], x.C, s2);
            s3 = TStep.Add(q[i + 3], x.D, s3);
        }
        Vector256<float> sum = (s0 + s1) + (s2 + s3);
        Vector128<float> half = sum.GetLower() + sum.GetUpper();
        return (half[0] + half[1]) + (half[2] + half[3]) + Tail<TFormat, TStep>(query, code, i * Width);
    }

    private static float FoldScalar<TFormat, TStep>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code) where TFormat : ICodeFormat where TStep : IStep
    {
        RequireCode<TFormat>(query.Length, code.Length);
        Span<float> s = stackalloc float[Lanes], half = stackalloc float[Width / 2];
        s.Clear();
        int whole = query.Length - query.Length % Lanes;
        for (int i = 0; i < whole; i++)
        {
            s[i % Lanes] = TStep.Add(query[i], TFormat.At(code, i), s[i % Lanes]);
        }
        for (int l = 0; l < half.Length; l++)
        {
            half[l] = Column(s, l) + Column(s, l + Width / 2);
        }
        return (half[0] + half[1]) + (half[2] + half[3]) + Tail<TFormat, TStep>(query, code, whole);
    }

    private static float Column(Span<float> s, int lane) => (s[lane] + s[lane + Width]) + (s[lane + 2 * Width] + s[lane + 3 * Width]);

    private static float Tail<TFormat, TStep>(ReadOnlySpan<float> query, ReadOnlySpan<byte> code, int from) where TFormat : ICodeFormat where TStep : IStep
    {
        float sum = 0;
        for (int i = from; i < query.Length; i++)
        {
            sum = TStep.Add(query[i], TFormat.At(code, i), sum);
        }
        return sum;
    }

    private static void RequireCode<TFormat>(int dimensions, int bytes) where TFormat : ICodeFormat
    {
        if (bytes != TFormat.Bytes(dimensions))
        {
            throw new ArgumentException($"A code of {dimensions} dimensions has {TFormat.Bytes(dimensions)} bytes in this format; this one has {bytes}.");
        }
    }

    private interface IStep
    {
        static abstract Vector256<float> Add(Vector256<float> q, Vector256<float> x, Vector256<float> sum);

        static abstract float Add(float q, float x, float sum);
    }

    private readonly struct Product : IStep
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> q, Vector256<float> x, Vector256<float> sum) => Vector256.FusedMultiplyAdd(q, x, sum);

        public static float Add(float q, float x, float sum) => MathF.FusedMultiplyAdd(q, x, sum);
    }

    private readonly struct Difference : IStep
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> q, Vector256<float> x, Vector256<float> sum) => Vector256.FusedMultiplyAdd(q - x, q - x, sum);

        public static float Add(float q, float x, float sum) => MathF.FusedMultiplyAdd(q - x, q - x, sum);
    }

    private readonly struct Square : IStep
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> q, Vector256<float> x, Vector256<float> sum) => Vector256.FusedMultiplyAdd(x, x, sum);

        public static float Add(float q, float x, float sum) => MathF.FusedMultiplyAdd(x, x, sum);
    }
}
