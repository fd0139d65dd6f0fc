using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Lists;
using Retrieval.Vectors.Search;

namespace Retrieval.Storage;

/// <summary>
/// A sealed segment file, mapped into memory, so that a collection may be larger than memory. What is needed to find documents is checked when it is opened; a block of vectors or codes when it is
/// first touched, a graph when it is first walked. A block whose checksum is wrong is never used: vectors are read again from the catalog, codes are made again from the vectors, a graph or lists are
/// left out until they are built again.
/// </summary>
internal sealed class SegmentPart : IndexPart, IDisposable
{
    private static readonly SectionKind[] CheckedLater = [SectionKind.Vectors, SectionKind.Codes, SectionKind.Packed, SectionKind.Graph, SectionKind.Lists, SectionKind.ListCodes];

    private readonly SegmentFile _file;
    private readonly FieldColumns _columns;
    private readonly RowSource _rows;
    private readonly CheckedSection _vectors;
    private readonly CheckedSection? _codes, _packed;
    private readonly int _vectorBlockRows, _codeBlockRows, _codeBytes, _packedBlocks;
    private readonly Lazy<HnswGraph?> _graph;
    private readonly Lazy<(InvertedLists Lists, CheckedSection? Codes)?> _lists;
    private volatile bool _structureIsDamaged;

    private SegmentPart(string path, SegmentFile file, RowSource rows) : base(file.Head.Dimensions, file.Head.FromSeq)
    {
        (Path, _file, _rows) = (path, file, rows);
        _columns = new FieldColumns(file.Head.Documents, Element, FindId);
        (_vectors, _vectorBlockRows) = (new CheckedSection(file, file.Find(SectionKind.Vectors)!.Value, ReadVectors), SegmentHead.VectorBlockRows(Dimensions));
        if (file.Find(SectionKind.Codec) is not null)
        {
            Codec = SegmentCodec.Read(file.Of<byte>(SectionKind.Codec));
            (_codeBytes, _codeBlockRows) = (Codec.Codec.CodeBytes, SegmentHead.CodeBlockRows(Codec.Codec.CodeBytes));
            _codes = new CheckedSection(file, file.Find(SectionKind.Codes)!.Value, Recode);
        }
        if (Codec is not null && file.Find(SectionKind.Packed) is { } packed)
        {
            Packed = PackedLayout.Of(Codec.Codec);
            (_packed, _packedBlocks) = (new CheckedSection(file, packed, Repack), packed.BlockBytes / Packed!.BlockBytes);
        }
        _graph = new Lazy<HnswGraph?>(OpenGraph);
        _lists = new Lazy<(InvertedLists, CheckedSection?)?>(OpenLists);
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>A block was found damaged: the file is to be written again.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>How the vectors are coded; null when they are not.</summary>
    public SegmentCodec? Codec { get; }

    /// <summary>How packed codes are laid out; null when there are none.</summary>
    public PackedLayout? Packed { get; }

    /// <summary>What the file has, the last that was appended; none once it was found damaged, so that it is built again.</summary>
    public Structure Structure => _structureIsDamaged ? Structure.None : Has;

    /// <summary>The graph over the rows; null when that is not the structure.</summary>
    public HnswGraph? Graph => Has == Structure.Graph ? _graph.Value : null;

    /// <summary>The lists of the rows; null when they are not the structure.</summary>
    public InvertedLists? Lists => Has == Structure.Lists ? _lists.Value?.Lists : null;

    /// <summary>Nothing more can be appended.</summary>
    public bool IsFull => _file.IsFull;

    /// <summary>Behind what something may be appended.</summary>
    public SegmentHead LastHead => _file.Last;

    /// <inheritdoc/>
    public override long ToSeq => _file.Head.ToSeq;

    /// <inheritdoc/>
    public override int Rows => _file.Head.Rows;

    /// <inheritdoc/>
    public override int Documents => _file.Head.Documents;

    /// <inheritdoc/>
    public override IReadOnlyCollection<(long Key, long Seq)> Removed
    {
        get
        {
            ReadOnlySpan<long> numbers = _file.Of<long>(SectionKind.Removed);
            (long, long)[] removed = new (long, long)[numbers.Length / 2];
            for (int i = 0; i < removed.Length; i++)
            {
                removed[i] = (numbers[2 * i], numbers[2 * i + 1]);
            }
            return removed;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<long> Handles => _file.Of<long>(SectionKind.Handles);

    private Structure Has => _file.Appended.LastOrDefault(k => k is SectionKind.Graph or SectionKind.Lists) switch
    {
        SectionKind.Graph => Structure.Graph,
        SectionKind.Lists => Structure.Lists,
        _ => _file.Find(SectionKind.OldGraph) is null ? Structure.None : Structure.Graph,
    };

    /// <summary>Maps a file and checks it.</summary>
    /// <exception cref="SegmentException">Damaged beyond what can be made again, cut short, of a newer version, or another collection's.</exception>
    public static SegmentPart Open(string path, long collection, string space, int dimensions, RowSource rows)
    {
        SegmentFile file = SegmentFile.Map(path);
        try
        {
            SegmentHead head = file.Head;
            if (head.Collection != collection || head.Space != space || head.Dimensions != dimensions)
            {
                throw new SegmentException($"it belongs to collection {head.Collection}, vector space {head.Space} with {head.Dimensions} dimensions, not to {collection}, {space} with {dimensions}");
            }
            foreach (Section section in file.Sections.Where(s => !CheckedLater.Contains(s.Kind)))
            {
                int damaged = Enumerable.Range(0, section.Blocks).FirstOrDefault(block => !file.IsWhole(section, block), -1);
                if (damaged >= 0)
                {
                    throw new SegmentException($"block {damaged} of its {section.Kind} is damaged");
                }
            }
            return new SegmentPart(path, file, rows);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Vectors(int firstRow) =>
        MemoryMarshal.Cast<byte, float>(_vectors.Block(firstRow / _vectorBlockRows))[(firstRow % _vectorBlockRows * Dimensions)..];

    /// <summary>The codes from a row to the end of its block.</summary>
    public ReadOnlySpan<byte> Codes(int firstRow) => _codes!.Block(firstRow / _codeBlockRows)[(firstRow % _codeBlockRows * _codeBytes)..];

    /// <summary>A row's code.</summary>
    public ReadOnlySpan<byte> Code(int row) => Codes(row)[.._codeBytes];

    /// <summary>Packed codes from a row, the first of a block of 32, as far as they are at hand.</summary>
    public ReadOnlySpan<byte> PackedFrom(int row)
    {
        int block = row / PackedLayout.BlockRows;
        return _packed!.Block(block / _packedBlocks)[(block % _packedBlocks * Packed!.BlockBytes)..];
    }

    /// <summary>Packed codes in the order of the lists, from a block of 32 lanes, as far as they are at hand.</summary>
    public ReadOnlySpan<byte> ListCodesFrom(int block) => _lists.Value!.Value.Codes!.Block(block / _packedBlocks)[(block % _packedBlocks * Packed!.BlockBytes)..];

    /// <inheritdoc/>
    public override DocumentRows Document(int index)
    {
        StoredDocument stored = _file.Of<StoredDocument>(SectionKind.Documents)[index];
        return new DocumentRows(stored.Key, stored.Seq, stored.FirstRow, stored.Rows);
    }

    /// <inheritdoc/>
    public override string Id(int index)
    {
        StoredDocument stored = _file.Of<StoredDocument>(SectionKind.Documents)[index];
        return Encoding.UTF8.GetString(_file.Of(SectionKind.Text, stored.Text, stored.IdBytes));
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Metadata(int index)
    {
        StoredDocument stored = _file.Of<StoredDocument>(SectionKind.Documents)[index];
        return _file.Of(SectionKind.Text, stored.Text + stored.IdBytes, stored.MetadataBytes);
    }

    /// <inheritdoc/>
    public override int Find(long key) => Search(SectionKind.ByKey, index => Document(index).Key.CompareTo(key));

    /// <inheritdoc/>
    public override RowBitmap Passing(FilterPlan filter, int documents)
    {
        RowBitmap passing = _columns.Passing(filter);
        GC.KeepAlive(this);
        return passing;
    }

    /// <summary>Lets go of the file; only when nobody reads any more. Otherwise the collector does it.</summary>
    public void Dispose() => _file.Dispose();

    private int FindId(string id) => Search(SectionKind.ById, index => string.CompareOrdinal(Id(index), id));

    private int Search(SectionKind kind, Func<int, int> compare)
    {
        ReadOnlySpan<int> order = _file.Of<int>(kind);
        int low = 0, high = order.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2, sign = compare(order[middle]);
            if (sign == 0)
            {
                return order[middle];
            }
            (low, high) = sign < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }

    private byte[] ReadVectors(int block)
    {
        int first = block * _vectorBlockRows;
        float[] vectors = _rows.Read(Path, block, Handles.Slice(first, Math.Min(_vectorBlockRows, Rows - first)).ToArray(), Dimensions);
        IsDamaged = true;
        return MemoryMarshal.AsBytes(vectors.AsSpan()).ToArray();
    }

    private byte[] Recode(int block)
    {
        (int first, int end) = (block * _codeBlockRows, Math.Min(Rows, (block + 1) * _codeBlockRows));
        byte[] codes = new byte[(end - first) * _codeBytes];
        for (int row = first; row < end; row++)
        {
            Codec!.Codec.Encode(Vectors(row)[..Dimensions], codes.AsSpan((row - first) * _codeBytes, _codeBytes));
        }
        IsDamaged = true;
        _rows.Recoded(Path, SectionKind.Codes, block, end - first);
        return codes;
    }

    private byte[] Repack(int block)
    {
        (int first, int end) = (block * _packedBlocks * PackedLayout.BlockRows, Math.Min(Rows, (block + 1) * _packedBlocks * PackedLayout.BlockRows));
        byte[] packed = new byte[PackedLayout.Blocks(end - first) * Packed!.BlockBytes];
        for (int row = first; row < end; row++)
        {
            Packed.Place(Code(row), packed.AsSpan((row - first) / PackedLayout.BlockRows * Packed.BlockBytes, Packed.BlockBytes), (row - first) % PackedLayout.BlockRows);
        }
        IsDamaged = true;
        _rows.Recoded(Path, SectionKind.Packed, block, end - first);
        return packed;
    }

    private byte[] RepackList(InvertedLists lists, int block)
    {
        (int first, int end) = (block * _packedBlocks, Math.Min(lists.Blocks, (block + 1) * _packedBlocks));
        byte[] packed = [.. Enumerable.Range(first, end - first).SelectMany(b => SegmentAppender.Packed(Packed!, this, lists, b))];
        _structureIsDamaged = true;
        _rows.Recoded(Path, SectionKind.ListCodes, block, (end - first) * PackedLayout.BlockRows);
        return packed;
    }

    private HnswGraph? OpenGraph()
    {
        Section? section = _file.Find(SectionKind.Graph);
        HnswGraph? graph = section is not { } found ? GraphFormat.ReadOld(_file.Of<byte>(SectionKind.OldGraph)) : _file.IsWhole(found) ? GraphFormat.Map(_file.Memory(found)) : null;
        return graph?.Rows == Rows ? graph : Without<HnswGraph>(SectionKind.Graph);
    }

    private (InvertedLists, CheckedSection?)? OpenLists()
    {
        Section section = _file.Find(SectionKind.Lists)!.Value;
        InvertedLists? lists = _file.IsWhole(section) ? InvertedLists.Map(_file.Memory(section)) : null;
        lists = lists?.Rows == Rows ? lists : Without<InvertedLists>(SectionKind.Lists);
        return lists is null ? null : (lists, Packed is not null && _file.Find(SectionKind.ListCodes) is { } codes ? new CheckedSection(_file, codes, block => RepackList(lists, block)) : null);
    }

    private T? Without<T>(SectionKind kind) where T : class
    {
        _structureIsDamaged = true;
        _rows.LeftOut(Path, kind);
        return null;
    }
}
