using System.Numerics;
using System.Runtime.InteropServices;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Search;

/// <summary>
/// Codes of half bytes in blocks of 32, turned so that one register holds the same cell of all of them (André, Kermarrec and Le Scouarnec 2015): a cell
/// of 32 codes is 16 bytes, codes 0 to 15 in the low halves, 16 to 31 in the high ones. Their factors, float32, end the block. Blocks may be in memory or in a mapped file.
/// </summary>
public sealed class PackedLayout
{
    /// <summary>Codes of a block.</summary>
    public const int BlockRows = 32;

    private const int CellBytes = BlockRows / 2;
    private readonly Codec _codec;
    private readonly INibbleTables _tables;

    private PackedLayout(Codec codec, INibbleTables tables) => (_codec, _tables, Cells) = (codec, tables, (tables.Cells + 3) / 4 * 4);

    /// <summary>Half bytes of a code, padded to a multiple of four so that whole registers are read.</summary>
    public int Cells { get; }

    /// <summary>Bytes of a block: a multiple of 64.</summary>
    public int BlockBytes => Cells * CellBytes + BlockRows * sizeof(float);

    /// <summary>Null for a codec whose codes are not made of half bytes.</summary>
    public static PackedLayout? Of(Codec codec) => codec is INibbleTables { Cells: > 0 } tables ? new PackedLayout(codec, tables) : null;

    /// <summary>Blocks of so many rows.</summary>
    public static int Blocks(int rows) => (rows + BlockRows - 1) / BlockRows;

    /// <summary>Makes a query ready.</summary>
    public PackedQuery Query(ReadOnlySpan<float> query)
    {
        VectorRows.Require(query, _codec.Dimensions, $"Codec {_codec.Kind}");
        return new PackedQuery(_tables.Tables(query), Cells);
    }

    /// <summary>Puts a code, as the codec wrote it, into a free lane of a block.</summary>
    public void Place(ReadOnlySpan<byte> code, Span<byte> block, int lane)
    {
        int shift = lane / CellBytes * 4, own = lane % CellBytes;
        for (int cell = 0; cell < _tables.Cells; cell++)
        {
            int half = code[cell / 2] >> 4 * (cell % 2) & 15;
            block[cell * CellBytes + own] |= (byte)(half << shift);
        }
        MemoryMarshal.Cast<byte, float>(block[(Cells * CellBytes)..])[lane] = _tables.Factor(code);
    }

    /// <summary>Offers the allowed rows of some blocks to the result; scores are at most <see cref="PackedQuery.Step"/> times half the cells from the codec's own.</summary>
    /// <param name="query">Made ready by <see cref="Query"/>.</param>
    /// <param name="blocks">One or more.</param>
    /// <param name="firstRow">Row of the first lane, a multiple of 32; the others follow.</param>
    /// <param name="allowed">Rows that may be found; lanes behind the last row are not among them.</param>
    /// <param name="result">Collects the best.</param>
    public void Scan(PackedQuery query, ReadOnlySpan<byte> blocks, int firstRow, RowBitmap allowed, TopRows result)
    {
        Span<float> scores = stackalloc float[BlockRows];
        for (; blocks.Length > 0; blocks = blocks[BlockBytes..], firstRow += BlockRows)
        {
            uint rows = allowed.Word32(firstRow);
            if (rows == 0 || !Scores(query, blocks[..BlockBytes], scores, result.Floor))
            {
                continue;
            }
            for (; rows != 0; rows &= rows - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rows);
                Offer(firstRow + lane, scores[lane], result);
            }
        }
    }

    /// <summary>The same for rows in any order.</summary>
    /// <param name="query">Made ready by <see cref="Query"/>.</param>
    /// <param name="blocks">One or more.</param>
    /// <param name="rows">The row of each lane; negative: none.</param>
    /// <param name="allowed">Rows that may be found.</param>
    /// <param name="result">Collects the best.</param>
    public void Scan(PackedQuery query, ReadOnlySpan<byte> blocks, ReadOnlySpan<int> rows, RowBitmap allowed, TopRows result)
    {
        Span<float> scores = stackalloc float[BlockRows];
        for (; blocks.Length > 0; blocks = blocks[BlockBytes..], rows = rows[BlockRows..])
        {
            if (!Scores(query, blocks[..BlockBytes], scores, result.Floor))
            {
                continue;
            }
            for (int lane = 0; lane < BlockRows; lane++)
            {
                if (scores[lane] >= result.Floor && allowed[rows[lane]])
                {
                    result.Add(rows[lane], scores[lane]);
                }
            }
        }
    }

    private bool Scores(PackedQuery query, ReadOnlySpan<byte> block, Span<float> scores, float floor)
    {
        Span<ushort> sums = stackalloc ushort[BlockRows];
        NibbleKernel.Sum(block[..(Cells * CellBytes)], query.Tables, sums);
        return query.Scores(sums, MemoryMarshal.Cast<byte, float>(block[(Cells * CellBytes)..]), scores, floor);
    }

    private static void Offer(int row, float score, TopRows result)
    {
        if (score >= result.Floor)
        {
            result.Add(row, score);
        }
    }
}
