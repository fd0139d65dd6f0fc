using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Search;

/// <summary>Codes of half bytes in memory as <see cref="PackedLayout"/> has them. Grows by adding; one writer, and readers of the rows that were there before.</summary>
public sealed class PackedCodes
{
    private readonly Codec _codec;
    private readonly PackedLayout _layout;
    private byte[] _blocks = [];

    /// <summary>Nothing yet.</summary>
    /// <exception cref="ArgumentException">A codec whose codes are not made of half bytes.</exception>
    public PackedCodes(Codec codec) => (_codec, _layout) = (codec, PackedLayout.Of(codec)
        ?? throw new ArgumentException($"Codes of kind {codec.Kind} are not made of half bytes. Take pca4, pq4 or opq4, or scan them with CodeScan.", nameof(codec)));

    /// <summary>Number of codes.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes held for a code, its factor included.</summary>
    public int BytesARow => _layout.BlockBytes / PackedLayout.BlockRows;

    /// <summary>Half bytes of a code, padded.</summary>
    public int Cells => _layout.Cells;

    /// <summary>Appends codes, one after another, as the codec wrote them.</summary>
    public void Add(ReadOnlySpan<byte> codes)
    {
        if (codes.Length % _codec.CodeBytes != 0)
        {
            throw new ArgumentException($"{codes.Length} bytes are not whole codes of {_codec.CodeBytes} bytes.", nameof(codes));
        }
        int added = codes.Length / _codec.CodeBytes, needed = PackedLayout.Blocks(Count + added) * _layout.BlockBytes;
        if (needed > _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(needed, (_blocks.Length + _blocks.Length / 2) / _layout.BlockBytes * _layout.BlockBytes));
        }
        for (int i = 0; i < added; i++)
        {
            int row = Count + i;
            _layout.Place(codes.Slice(i * _codec.CodeBytes, _codec.CodeBytes), _blocks.AsSpan(row / PackedLayout.BlockRows * _layout.BlockBytes, _layout.BlockBytes), row % PackedLayout.BlockRows);
        }
        Count += added;
    }

    /// <summary>Makes a query ready.</summary>
    public PackedQuery Query(ReadOnlySpan<float> query) => _layout.Query(query);

    /// <summary>Offers the allowed rows of some blocks to the result.</summary>
    /// <param name="query">Made ready by <see cref="Query"/>.</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="allowed">Rows that may be found: none that was not added.</param>
    /// <param name="result">Collects the best.</param>
    public void Scan(PackedQuery query, int firstBlock, int blocks, RowBitmap allowed, TopRows result) =>
        _layout.Scan(query, _blocks.AsSpan(firstBlock * _layout.BlockBytes, blocks * _layout.BlockBytes), firstBlock * PackedLayout.BlockRows, allowed, result);
}
