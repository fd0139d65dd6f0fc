using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Search;

/// <summary>A query's tables rounded to bytes, so that 16 entries fit a register: score = (sum of bytes x step + constant) x factor.</summary>
public sealed class PackedQuery
{
    private readonly byte[] _tables;
    private readonly float _constant;

    internal PackedQuery(NibbleTables tables, int cells)
    {
        int own = tables.Values.Length / 16;
        float[] lowest = [.. Enumerable.Range(0, own).Select(c => tables.Values.AsSpan(c * 16, 16).ToArray().Min())];
        float[] spread = [.. Enumerable.Range(0, own).Select(c => tables.Values.AsSpan(c * 16, 16).ToArray().Max() - lowest[c])];
        // Neither an entry may pass a byte nor all the largest together a sum of 16 bits; each entry is rounded up by a half at most.
        Step = Math.Max(Math.Max(spread.Max() / byte.MaxValue, spread.Sum() / (ushort.MaxValue - own)), float.Epsilon);
        _tables = new byte[cells * 16];
        for (int i = 0; i < tables.Values.Length; i++)
        {
            _tables[i] = (byte)Math.Clamp(MathF.Round((tables.Values[i] - lowest[i / 16]) / Step), 0, byte.MaxValue);
        }
        _constant = tables.Constant + lowest.Sum();
    }

    /// <summary>What one of a byte is worth.</summary>
    public float Step { get; }

    internal ReadOnlySpan<byte> Tables => _tables;

    /// <summary>32 scores; false, and the scores not to be used, when none reaches the floor.</summary>
    internal bool Scores(ReadOnlySpan<ushort> sums, ReadOnlySpan<float> factors, Span<float> scores, float floor)
    {
        ReadOnlySpan<Vector128<ushort>> from = MemoryMarshal.Cast<ushort, Vector128<ushort>>(sums);
        ReadOnlySpan<Vector256<float>> by = MemoryMarshal.Cast<float, Vector256<float>>(factors);
        Span<Vector256<float>> to = MemoryMarshal.Cast<float, Vector256<float>>(scores);
        Vector256<float> step = Vector256.Create(Step), constant = Vector256.Create(_constant), best = Vector256.Create(float.NegativeInfinity);
        for (int i = 0; i < to.Length; i++)
        {
            Vector256<int> wide = Vector256.Create(Vector128.WidenLower(from[i]), Vector128.WidenUpper(from[i])).AsInt32();
            to[i] = (Vector256.ConvertToSingle(wide) * step + constant) * by[i];
            best = Vector256.Max(best, to[i]);
        }
        return Vector256.GreaterThanOrEqualAny(best, Vector256.Create(floor));
    }
}
