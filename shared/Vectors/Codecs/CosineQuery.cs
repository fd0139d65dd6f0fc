using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors.Codecs;

/// <summary>
/// Ranks by the cosine with what the code stands for. Coding shrinks vectors, each by another amount, and among near-equal cosines that amount would decide:
/// the code's own length is a second sum of table entries, kept beside the first, and divided out. It costs no byte.
/// </summary>
internal sealed class CosineQuery : CodeQuery
{
    private const int Centroids = 256;
    private readonly float[] _pairs;
    private readonly Vector128<float> _start;

    /// <summary>Takes tables of bytes x 256: inner products with the query, and shares of the squared length; and what both begin with.</summary>
    public CosineQuery(ReadOnlySpan<float> dots, ReadOnlySpan<float> squares, float dotStart, float squareStart) : base(dots.Length / Centroids)
    {
        _pairs = new float[2 * dots.Length];
        for (int i = 0; i < dots.Length; i++)
        {
            (_pairs[2 * i], _pairs[2 * i + 1]) = (dots[i], squares[i]);
        }
        _start = Vector128.Create(dotStart, squareStart, 0, 0);
    }

    /// <inheritdoc/>
    public override float Score(ReadOnlySpan<byte> code)
    {
        // Entries are read past the check of the array: a byte times 256 pairs cannot leave it, and the code's length is checked here.
        ReadOnlySpan<byte> own = code[..(_pairs.Length / (2 * Centroids))];
        ref float pairs = ref MemoryMarshal.GetArrayDataReference(_pairs);
        Vector128<float> even = _start, odd = Vector128<float>.Zero;
        int m = 0;
        for (; m + 2 <= own.Length; m += 2)
        {
            even += Pair(ref pairs, m, own[m]);
            odd += Pair(ref pairs, m + 1, own[m + 1]);
        }
        Vector128<float> sum = even + odd;
        sum = m < own.Length ? sum + Pair(ref pairs, m, own[m]) : sum;
        return sum[1] > 0 ? sum[0] / MathF.Sqrt(sum[1]) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Pair(ref float pairs, int part, byte centroid) =>
        Vector128.CreateScalarUnsafe(Unsafe.As<float, double>(ref Unsafe.Add(ref pairs, 2 * (part * Centroids + centroid)))).AsSingle();
}
