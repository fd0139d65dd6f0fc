using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;

namespace Retrieval.Storage;

/// <summary>
/// A sealed segment file, mapped into memory: the system reads what is touched and lets go what is not, so that a collection may be larger than memory. Everything small is checked when
/// it is opened; a block of vectors when it is first touched. A block whose checksum is wrong is never used: its rows are read again from the catalog.
/// </summary>
internal sealed unsafe class SegmentPart : IndexPart, IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SegmentHead _head;
    private readonly Dictionary<SectionKind, Section> _sections;
    private readonly FieldColumns _columns;
    private readonly RowSource _rows;
    private readonly float[]?[] _repaired;
    private readonly byte[]?[] _recoded;
    private readonly bool[] _checked, _codesChecked;
    private byte* _bytes;

    private SegmentPart(string path, SegmentHead head, RowSource rows) : base(head.Dimensions, head.FromSeq)
    {
        (Path, _head, _rows) = (path, head, rows);
        _sections = head.Sections.ToDictionary(s => s.Kind);
        _columns = new FieldColumns(head.Documents, Element, FindId);
        (_repaired, _checked) = (new float[]?[_sections[SectionKind.Vectors].Blocks], new bool[_sections[SectionKind.Vectors].Blocks]);
        int codeBlocks = _sections.GetValueOrDefault(SectionKind.Codes) is { BlockBytes: > 0 } codes ? codes.Blocks : 0;
        (_recoded, _codesChecked) = (new byte[]?[codeBlocks], new bool[codeBlocks]);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
    }

    ~SegmentPart() => Release();

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>A block was found damaged: the file is to be written again.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>How the vectors are coded; null when they are not.</summary>
    public SegmentCodec? Codec { get; private set; }

    /// <summary>The graph over the rows; null when there is none.</summary>
    public HnswGraph? Graph { get; private set; }

    /// <inheritdoc/>
    public override long ToSeq => _head.ToSeq;

    /// <inheritdoc/>
    public override int Rows => _head.Rows;

    /// <inheritdoc/>
    public override int Documents => _head.Documents;

    /// <inheritdoc/>
    public override IReadOnlyCollection<(long Key, long Seq)> Removed
    {
        get
        {
            ReadOnlySpan<long> numbers = Of<long>(SectionKind.Removed);
            (long, long)[] removed = new (long, long)[numbers.Length / 2];
            for (int i = 0; i < removed.Length; i++)
            {
                removed[i] = (numbers[2 * i], numbers[2 * i + 1]);
            }
            return removed;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<long> Handles => Of<long>(SectionKind.Handles);

    /// <summary>Maps a file and checks it.</summary>
    /// <exception cref="SegmentException">Damaged beyond its vectors, cut short, of a newer version, or another collection's.</exception>
    public static SegmentPart Open(string path, long collection, string space, int dimensions, RowSource rows)
    {
        SegmentHead head = ReadHead(path);
        if (head.Collection != collection || head.Space != space || head.Dimensions != dimensions)
        {
            throw new SegmentException($"it belongs to collection {head.Collection}, vector space {head.Space} with {head.Dimensions} dimensions, not to {collection}, {space} with {dimensions}");
        }
        SegmentPart part = new(path, head, rows);
        try
        {
            part.Check();
            part.Load();
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Vectors(int firstRow)
    {
        int blockRows = SegmentHead.VectorBlockRows(Dimensions), block = firstRow / blockRows;
        if (!Volatile.Read(ref _checked[block]))
        {
            CheckVectors(block);
        }
        Section section = _sections[SectionKind.Vectors];
        ReadOnlySpan<float> vectors = _repaired[block] ?? MemoryMarshal.Cast<byte, float>(Block(section, block));
        return vectors[(firstRow % blockRows * Dimensions)..];
    }

    /// <summary>The codes from a row to the end of its block.</summary>
    public ReadOnlySpan<byte> Codes(int firstRow)
    {
        Codec codec = Codec!.Codec;
        int blockRows = SegmentHead.CodeBlockRows(codec.CodeBytes), block = firstRow / blockRows;
        if (!Volatile.Read(ref _codesChecked[block]))
        {
            CheckCodes(codec, block, blockRows);
        }
        ReadOnlySpan<byte> codes = _recoded[block] ?? Block(_sections[SectionKind.Codes], block);
        return codes[(firstRow % blockRows * codec.CodeBytes)..];
    }

    /// <inheritdoc/>
    public override DocumentRows Document(int index)
    {
        StoredDocument stored = Of<StoredDocument>(SectionKind.Documents)[index];
        return new DocumentRows(stored.Key, stored.Seq, stored.FirstRow, stored.Rows);
    }

    /// <inheritdoc/>
    public override string Id(int index)
    {
        StoredDocument stored = Of<StoredDocument>(SectionKind.Documents)[index];
        return Encoding.UTF8.GetString(Text(stored.Text, stored.IdBytes));
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Metadata(int index)
    {
        StoredDocument stored = Of<StoredDocument>(SectionKind.Documents)[index];
        return Text(stored.Text + stored.IdBytes, stored.MetadataBytes);
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
    public void Dispose()
    {
        Release();
        _view.Dispose();
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    private static SegmentHead ReadHead(string path)
    {
        byte[] head = new byte[SegmentHead.Bytes];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        SegmentHead read = SegmentHead.Read(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        long needed = read.Sections.Max(s => s.Checksums + s.Blocks * sizeof(uint));
        return file.Length >= needed ? read : throw new SegmentException($"it has {file.Length} bytes of {needed}: its end is missing");
    }

    private int FindId(string id) => Search(SectionKind.ById, index => string.CompareOrdinal(Id(index), id));

    private int Search(SectionKind kind, Func<int, int> compare)
    {
        ReadOnlySpan<int> order = Of<int>(kind);
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

    private void Check()
    {
        foreach (Section section in _head.Sections.Where(s => s.Kind is not (SectionKind.Vectors or SectionKind.Codes)))
        {
            for (int block = 0; block < section.Blocks; block++)
            {
                if (!IsWhole(section, block))
                {
                    throw new SegmentException($"block {block} of its {section.Kind} is damaged");
                }
            }
        }
    }

    private void CheckVectors(int block)
    {
        lock (_repaired)
        {
            if (_checked[block])
            {
                return;
            }
            if (!IsWhole(_sections[SectionKind.Vectors], block))
            {
                int blockRows = SegmentHead.VectorBlockRows(Dimensions), first = block * blockRows;
                _repaired[block] = _rows.Read(Path, block, Handles.Slice(first, Math.Min(blockRows, Rows - first)).ToArray(), Dimensions);
                IsDamaged = true;
            }
            Volatile.Write(ref _checked[block], true);
        }
    }

    /// <summary>A damaged block of codes is made again from its vectors.</summary>
    private void CheckCodes(Codec codec, int block, int blockRows)
    {
        lock (_recoded)
        {
            if (_codesChecked[block])
            {
                return;
            }
            if (!IsWhole(_sections[SectionKind.Codes], block))
            {
                (int first, int end) = (block * blockRows, Math.Min(Rows, (block + 1) * blockRows));
                byte[] codes = new byte[(end - first) * codec.CodeBytes];
                for (int row = first; row < end; row++)
                {
                    codec.Encode(Vectors(row)[..Dimensions], codes.AsSpan((row - first) * codec.CodeBytes, codec.CodeBytes));
                }
                _recoded[block] = codes;
                IsDamaged = true;
                _rows.Recoded(Path, block, end - first);
            }
            Volatile.Write(ref _codesChecked[block], true);
        }
    }

    private void Load()
    {
        if (_sections.TryGetValue(SectionKind.Codec, out Section codec))
        {
            Codec = SegmentCodec.Read(new ReadOnlySpan<byte>(_bytes + codec.Offset, (int)codec.Length));
        }
        if (_sections.TryGetValue(SectionKind.Graph, out Section graph))
        {
            Graph = GraphFormat.Read(new ReadOnlySpan<byte>(_bytes + graph.Offset, checked((int)graph.Length)));
            if (Graph.Rows != Rows)
            {
                throw new SegmentException($"its graph is over {Graph.Rows} rows of {Rows}");
            }
        }
    }

    private bool IsWhole(Section section, int block) => SegmentHead.Checksum(Block(section, block)) == *(uint*)(_bytes + section.Checksums + block * sizeof(uint));

    private ReadOnlySpan<byte> Block(Section section, int block)
    {
        long at = (long)block * section.BlockBytes;
        return new ReadOnlySpan<byte>(_bytes + section.Offset + at, (int)Math.Min(section.BlockBytes, section.Length - at));
    }

    private ReadOnlySpan<byte> Text(long at, int bytes) => new(_bytes + _sections[SectionKind.Text].Offset + at, bytes);

    private ReadOnlySpan<T> Of<T>(SectionKind kind) where T : unmanaged
    {
        Section section = _sections[kind];
        return new ReadOnlySpan<T>(_bytes + section.Offset, (int)(section.Length / sizeof(T)));
    }

    private void Release()
    {
        if (_bytes is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _bytes = null;
        }
    }
}
