using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Search;

/// <summary>
/// Codes of half bytes in blocks of 32, turned so that one register holds the same cell of all of them (André, Kermarrec and Le Scouarnec 2015): a cell
/// of 32 codes is 16 bytes, codes 0 to 15 in the low halves, 16 to 31 in the high ones. Beside each code stands its factor. Grows by adding; one writer,
/// and readers of the rows that were there before.
/// </summary>
public sealed class PackedCodes
{
    /// <summary>Codes of a block.</summary>
    public const int BlockRows = 32;

    private const int CellBytes = BlockRows / 2;
    private readonly Codec _codec;
    private readonly INibbleTables _tables;
    private byte[] _blocks = [];
    private float[] _factors = [];

    /// <summary>Nothing yet.</summary>
    /// <exception cref="ArgumentException">A codec whose codes are not made of half bytes.</exception>
    public PackedCodes(Codec codec)
    {
        if (codec is not INibbleTables { Cells: > 0 } tables)
        {
            throw new ArgumentException($"Codes of kind {codec.Kind} are not made of half bytes. Take pca4, pq4 or opq4, or scan them with CodeScan.", nameof(codec));
        }
        (_codec, _tables, Cells) = (codec, tables, (tables.Cells + 3) / 4 * 4);
    }

    /// <summary>Half bytes of a code, padded to a multiple of four so that whole registers are read.</summary>
    public int Cells { get; }

    /// <summary>Number of codes.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes held for a code, its factor included.</summary>
    public int BytesARow => Cells / 2 + sizeof(float);

    private int BlockBytes => Cells * CellBytes;

    /// <summary>Appends codes, one after another, as the codec wrote them.</summary>
    public void Add(ReadOnlySpan<byte> codes)
    {
        if (codes.Length % _codec.CodeBytes != 0)
        {
            throw new ArgumentException($"{codes.Length} bytes are not whole codes of {_codec.CodeBytes} bytes.", nameof(codes));
        }
        int added = codes.Length / _codec.CodeBytes;
        Reserve(Count + added);
        for (int i = 0; i < added; i++)
        {
            Place(codes.Slice(i * _codec.CodeBytes, _codec.CodeBytes), Count + i);
        }
        Count += added;
    }

    /// <summary>Makes a query ready.</summary>
    public PackedQuery Query(ReadOnlySpan<float> query)
    {
        VectorRows.Require(query, _codec.Dimensions, $"Codec {_codec.Kind}");
        return new PackedQuery(_tables.Tables(query), Cells);
    }

    /// <summary>Offers the allowed rows of some blocks to the result; at most <see cref="PackedQuery.Step"/> times half the cells from the codec's own scores.</summary>
    /// <param name="query">Made ready by <see cref="Query"/>.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="allowed">Rows that may be found.</param>
    /// <param name="result">Collects the best.</param>
    public void Scan(PackedQuery query, int firstBlock, int blocks, RowBitmap allowed, TopRows result)
    {
        Span<ushort> sums = stackalloc ushort[BlockRows];
        Span<float> scores = stackalloc float[BlockRows];
        for (int block = firstBlock; block < firstBlock + blocks; block++)
        {
            int first = block * BlockRows;
            uint rows = allowed.Word32(first) & (Count - first >= BlockRows ? uint.MaxValue : (1u << Count - first) - 1);
            if (rows == 0)
            {
                continue;
            }
            NibbleKernel.Sum(_blocks.AsSpan(block * BlockBytes, BlockBytes), query.Tables, sums);
            if (query.Scores(sums, _factors.AsSpan(first, BlockRows), scores, result.Floor))
            {
                Offer(rows, first, scores, result);
            }
        }
    }

    private static void Offer(uint rows, int first, ReadOnlySpan<float> scores, TopRows result)
    {
        for (; rows != 0; rows &= rows - 1)
        {
            int i = System.Numerics.BitOperations.TrailingZeroCount(rows);
            if (scores[i] >= result.Floor)
            {
                result.Add(first + i, scores[i]);
            }
        }
    }

    private void Reserve(int rows)
    {
        int blocks = (rows + BlockRows - 1) / BlockRows, have = _factors.Length / BlockRows;
        if (blocks > have)
        {
            int room = Math.Max(blocks, have + have / 2);
            Array.Resize(ref _blocks, room * BlockBytes);
            Array.Resize(ref _factors, room * BlockRows);
        }
    }

    private void Place(ReadOnlySpan<byte> code, int row)
    {
        Span<byte> block = _blocks.AsSpan(row / BlockRows * BlockBytes, BlockBytes);
        int lane = row % CellBytes, shift = row % BlockRows / CellBytes * 4;
        for (int cell = 0; cell < _tables.Cells; cell++)
        {
            int half = code[cell / 2] >> 4 * (cell % 2) & 15;
            block[cell * CellBytes + lane] |= (byte)(half << shift);
        }
        _factors[row] = _tables.Factor(code);
    }
}
