using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retrieval.Vectors.Search;

/// <summary>
/// For 32 codes at once, the sum over cells of the table entry that each code's half byte names: a table of 16 bytes is a register, and a shuffle looks all
/// up. Sums are integers of 16 bits: every width gives the same. Even and odd codes gather apart, so that bytes are added as halves of 16-bit numbers.
/// </summary>
internal static class NibbleKernel
{
    private const int CellBytes = 16, Wide = 64;

    /// <summary>Cells x 16 bytes of codes, cells x 16 of tables, 32 sums; cells are a multiple of four.</summary>
    public static void Sum(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<ushort> sums)
    {
        if (block.Length != tables.Length || block.Length % Wide != 0 || sums.Length != PackedLayout.BlockRows)
        {
            throw new ArgumentException($"A block of {block.Length} bytes does not fit tables of {tables.Length} bytes and {sums.Length} sums.");
        }
        if (Avx512BW.IsSupported)
        {
            Sum512(block, tables, sums);
        }
        else if (Avx2.IsSupported)
        {
            Sum256(block, tables, sums);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Sum128(block, tables, sums);
        }
        else
        {
            SumScalar(block, tables, sums);
        }
    }

    /// <summary>Four cells a step.</summary>
    public static void Sum512(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<ushort> sums)
    {
        ref byte codes = ref MemoryMarshal.GetReference(block), entries = ref MemoryMarshal.GetReference(tables);
        Vector512<byte> low = Vector512.Create((byte)15);
        Vector512<ushort> all0 = Vector512<ushort>.Zero, odd0 = all0, all1 = all0, odd1 = all0;
        for (int at = 0; at < block.Length; at += Wide)
        {
            Vector512<byte> code = Vector512.LoadUnsafe(ref codes, (nuint)at), table = Vector512.LoadUnsafe(ref entries, (nuint)at);
            Vector512<ushort> first = Avx512BW.Shuffle(table, code & low).AsUInt16();
            Vector512<ushort> second = Avx512BW.Shuffle(table, (code.AsUInt16() >>> 4).AsByte() & low).AsUInt16();
            (all0, odd0) = (all0 + first, odd0 + (first >>> 8));
            (all1, odd1) = (all1 + second, odd1 + (second >>> 8));
        }
        Store(Fold(Fold(all0)), Fold(Fold(odd0)), ref sums[0]);
        Store(Fold(Fold(all1)), Fold(Fold(odd1)), ref sums[CellBytes]);
    }

    /// <summary>Two cells a step.</summary>
    public static void Sum256(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<ushort> sums)
    {
        ref byte codes = ref MemoryMarshal.GetReference(block), entries = ref MemoryMarshal.GetReference(tables);
        Vector256<byte> low = Vector256.Create((byte)15);
        Vector256<ushort> all0 = Vector256<ushort>.Zero, odd0 = all0, all1 = all0, odd1 = all0;
        for (int at = 0; at < block.Length; at += Wide / 2)
        {
            Vector256<byte> code = Vector256.LoadUnsafe(ref codes, (nuint)at), table = Vector256.LoadUnsafe(ref entries, (nuint)at);
            Vector256<ushort> first = Avx2.Shuffle(table, code & low).AsUInt16();
            Vector256<ushort> second = Avx2.Shuffle(table, (code.AsUInt16() >>> 4).AsByte() & low).AsUInt16();
            (all0, odd0) = (all0 + first, odd0 + (first >>> 8));
            (all1, odd1) = (all1 + second, odd1 + (second >>> 8));
        }
        Store(Fold(all0), Fold(odd0), ref sums[0]);
        Store(Fold(all1), Fold(odd1), ref sums[CellBytes]);
    }

    /// <summary>One cell a step, on every machine with 128-bit registers.</summary>
    public static void Sum128(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<ushort> sums)
    {
        ref byte codes = ref MemoryMarshal.GetReference(block), entries = ref MemoryMarshal.GetReference(tables);
        Vector128<ushort> all0 = Vector128<ushort>.Zero, odd0 = all0, all1 = all0, odd1 = all0;
        for (int at = 0; at < block.Length; at += CellBytes)
        {
            Vector128<byte> code = Vector128.LoadUnsafe(ref codes, (nuint)at), table = Vector128.LoadUnsafe(ref entries, (nuint)at);
            Vector128<ushort> first = Vector128.Shuffle(table, code & Vector128.Create((byte)15)).AsUInt16();
            Vector128<ushort> second = Vector128.Shuffle(table, code >>> 4).AsUInt16();
            (all0, odd0) = (all0 + first, odd0 + (first >>> 8));
            (all1, odd1) = (all1 + second, odd1 + (second >>> 8));
        }
        Store(all0, odd0, ref sums[0]);
        Store(all1, odd1, ref sums[CellBytes]);
    }

    /// <summary>The scalar twin.</summary>
    public static void SumScalar(ReadOnlySpan<byte> block, ReadOnlySpan<byte> tables, Span<ushort> sums)
    {
        sums.Clear();
        for (int at = 0; at < block.Length; at++)
        {
            int table = at / CellBytes * 16, lane = at % CellBytes;
            sums[lane] += tables[table + (block[at] & 15)];
            sums[lane + CellBytes] += tables[table + (block[at] >> 4)];
        }
    }

    private static Vector256<ushort> Fold(Vector512<ushort> x) => x.GetLower() + x.GetUpper();

    private static Vector128<ushort> Fold(Vector256<ushort> x) => x.GetLower() + x.GetUpper();

    /// <summary>What the odd codes added to the high halves is taken out of the even ones, modulo 2^16; then both are put in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<ushort> all, Vector128<ushort> odd, ref ushort sums)
    {
        Vector128<ushort> even = all - (odd << 8);
        (Vector128<uint> evenLow, Vector128<uint> evenHigh) = Vector128.Widen(even);
        (Vector128<uint> oddLow, Vector128<uint> oddHigh) = Vector128.Widen(odd);
        (evenLow | oddLow << 16).AsUInt16().StoreUnsafe(ref sums);
        (evenHigh | oddHigh << 16).AsUInt16().StoreUnsafe(ref sums, 8);
    }
}
