using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Retrieval.Storage;

/// <summary>A segment file in memory: the system reads what is touched and lets go what is not.</summary>
internal sealed unsafe class SegmentFile : IDisposable
{
    // Each is a graph or lists that were appended anew; a file is written again long before.
    private const int MostAppended = 64;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<SectionKind, Section> _sections = [];
    private byte* _bytes;

    private SegmentFile(MemoryMappedFile file, IReadOnlyList<SegmentHead> heads)
    {
        (_file, Head, Last, IsFull) = (file, heads[0], heads[^1], heads.Count > MostAppended);
        foreach (Section section in heads.SelectMany(h => h.Sections))
        {
            _sections[section.Kind] = section; // a later one replaces an earlier one
        }
        Appended = [.. heads.Skip(1).SelectMany(h => h.Sections).Select(s => s.Kind)];
        _view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
    }

    ~SegmentFile() => Release();

    /// <summary>Of the file as it was sealed.</summary>
    public SegmentHead Head { get; }

    /// <summary>The last head: behind its sections something may be appended.</summary>
    public SegmentHead Last { get; }

    /// <summary>Nothing more can be appended: it has to be written again.</summary>
    public bool IsFull { get; }

    /// <summary>What was appended, in order.</summary>
    public IReadOnlyList<SectionKind> Appended { get; }

    /// <summary>Every section that counts.</summary>
    public IEnumerable<Section> Sections => _sections.Values;

    /// <summary>Maps a file. An end that was not finished is passed over.</summary>
    /// <exception cref="SegmentException">Its head is not usable, or sections of it are missing.</exception>
    public static SegmentFile Map(string path)
    {
        // Shared with whoever appends and with whoever removes the name.
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[SegmentHead.Bytes];
        SegmentHead head = SegmentHead.Read(bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        List<SegmentHead> heads = [file.Length >= Needed(head) ? head : throw new SegmentException($"it has {file.Length} bytes of {Needed(head)}: its end is missing")];
        while (heads.Count <= MostAppended && Appendix(file, heads[^1], bytes) is { } next)
        {
            heads.Add(next);
        }
        return new SegmentFile(MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false), heads);
    }

    /// <summary>Where a section is; null when there is none.</summary>
    public Section? Find(SectionKind kind) => _sections.TryGetValue(kind, out Section section) ? section : null;

    /// <summary>The whole of a section.</summary>
    public ReadOnlySpan<T> Of<T>(SectionKind kind) where T : unmanaged
    {
        Section section = _sections[kind];
        return new ReadOnlySpan<T>(_bytes + section.Offset, checked((int)(section.Length / sizeof(T))));
    }

    /// <summary>A piece of a section that may be longer than a span.</summary>
    public ReadOnlySpan<byte> Of(SectionKind kind, long at, int bytes) => new(_bytes + _sections[kind].Offset + at, bytes);

    /// <summary>One block.</summary>
    public ReadOnlySpan<byte> Block(Section section, int block)
    {
        long at = (long)block * section.BlockBytes;
        return new ReadOnlySpan<byte>(_bytes + section.Offset + at, (int)Math.Min(section.BlockBytes, section.Length - at));
    }

    /// <summary>Whether a block is what was written.</summary>
    public bool IsWhole(Section section, int block) => SegmentHead.Checksum(Block(section, block)) == *(uint*)(_bytes + section.Checksums + block * sizeof(uint));

    /// <summary>Whether all of them are.</summary>
    public bool IsWhole(Section section) => Enumerable.Range(0, section.Blocks).All(block => IsWhole(section, block));

    /// <summary>The whole of a section, without a copy; it keeps the file mapped.</summary>
    public ReadOnlyMemory<byte> Memory(Section section) => new Mapped(this, _bytes + section.Offset, checked((int)section.Length)).Memory;

    /// <summary>Lets go of the file; only when nobody reads any more. Otherwise the collector does it.</summary>
    public void Dispose()
    {
        Release();
        _view.Dispose();
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    private static long Needed(SegmentHead head) => head.Sections.Max(s => s.Checksums + s.Blocks * sizeof(uint));

    private static SegmentHead? Appendix(FileStream file, SegmentHead before, byte[] bytes)
    {
        file.Seek(before.End, SeekOrigin.Begin);
        try
        {
            SegmentHead head = SegmentHead.Read(bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)), appended: true);
            bool belongs = (head.Collection, head.Rows, head.FromSeq, head.ToSeq) == (before.Collection, before.Rows, before.FromSeq, before.ToSeq) && head.Sections.Count > 0;
            return belongs && head.Sections.Min(s => s.Offset) > before.End && file.Length >= Needed(head) ? head : null;
        }
        catch (SegmentException)
        {
            return null;
        }
    }

    private void Release()
    {
        if (_bytes is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _bytes = null;
        }
    }

    private sealed class Mapped(SegmentFile owner, byte* bytes, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(owner._bytes is null, owner);
            return new Span<byte>(bytes, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0) => new(bytes + elementIndex, pinnable: this);

        public override void Unpin()
        {
            // Nothing moves.
        }

        protected override void Dispose(bool disposing)
        {
            // The file is its owner's.
        }
    }
}
