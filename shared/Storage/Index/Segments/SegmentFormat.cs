using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Retrieval.Storage;

/// <summary>What a section of a segment file holds.</summary>
internal enum SectionKind
{
    /// <summary>The catalog's row of each row: int64, ascending.</summary>
    Handles = 1,
    /// <summary>Documents in the order of their rows: <see cref="StoredDocument"/>.</summary>
    Documents = 2,
    /// <summary>Ids and metadata of the documents, UTF-8.</summary>
    Text = 3,
    /// <summary>Indexes of the documents by key: int32.</summary>
    ByKey = 4,
    /// <summary>Indexes of the documents by id, in ordinal order of UTF-16: int32.</summary>
    ById = 5,
    /// <summary>Documents that were removed: key and seq, int64 each.</summary>
    Removed = 6,
    /// <summary>float32, row by row; blocks of whole rows.</summary>
    Vectors = 7,
    /// <summary>Since version 2: what was asked for, as its length (int32) and UTF-8, and the codec as it serialises itself.</summary>
    Codec = 8,
    /// <summary>Since version 2: a code a row; blocks of whole rows.</summary>
    Codes = 9,
    /// <summary>Of version 2 alone: a graph as <see cref="Vectors.Graph.GraphFormat.ReadOld"/> reads it.</summary>
    OldGraph = 10,
    /// <summary>Since version 3: the codes again, for codecs of half bytes, as <see cref="Vectors.Search.PackedLayout"/> has them; blocks of whole ones.</summary>
    Packed = 11,
    /// <summary>Since version 3, appended: <see cref="Vectors.Graph.GraphFormat"/>.</summary>
    Graph = 12,
    /// <summary>Since version 3, appended: <see cref="Vectors.Lists.InvertedLists"/>.</summary>
    Lists = 13,
    /// <summary>Since version 3, appended with lists: packed codes in the order of the lists' lanes.</summary>
    ListCodes = 14,
}

/// <summary>A document as it stands in a file.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct StoredDocument(long Key, long Seq, int FirstRow, int Rows, long Text, int IdBytes, int MetadataBytes);

/// <summary>Where a section is.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="BlockBytes">Bytes a checksum.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Checksums">Offset of its checksums, a uint32 a block.</param>
internal readonly record struct Section(SectionKind Kind, int BlockBytes, long Offset, long Length, long Checksums)
{
    /// <summary>Number of blocks.</summary>
    public int Blocks => (int)((Length + BlockBytes - 1) / BlockBytes);
}

/// <summary>
/// The head of a segment file: 512 bytes, little-endian; magic, version, whose rows these are, which changes, and where the sections are; the last four bytes are the CRC-32C of the others.
/// Sections follow, each behind it with a CRC-32C a block. Behind the last one a head of the same form, with a magic of its own, may follow with further sections, and so on: what takes long to make is
/// appended to a file that is in use. Its sections are on the disk before its head is, so an end that was not finished is no end.
/// </summary>
internal sealed record SegmentHead(long Collection, string Space, int Dimensions, int Rows, int Documents, int Removed, long FromSeq, long ToSeq, IReadOnlyList<Section> Sections)
{
    /// <summary>The version that is written.</summary>
    public const int Version = 3;

    /// <summary>Bytes of the head.</summary>
    public const int Bytes = 512;

    private const int SpaceAt = 24, NumbersAt = 56, SectionsAt = 96, SectionBytes = 32, MostSections = 12;
    private const long Align = 64;
    private static readonly byte[] Magic = "RVSEGMNT"u8.ToArray(), AppendedMagic = "RVAPPEND"u8.ToArray();

    /// <summary>Where something may be appended.</summary>
    public long End => Sections.Count == 0 ? Bytes : Sections.Max(s => Aligned(s.Checksums + s.Blocks * sizeof(uint)));

    /// <summary>The next place where a section may begin.</summary>
    public static long Aligned(long at) => (at + Align - 1) / Align * Align;

    /// <summary>Rows a block of vectors: small enough that a block which is touched for one row is checked fast.</summary>
    public static int VectorBlockRows(int dimensions) => CodeBlockRows(dimensions * sizeof(float));

    /// <summary>The same for rows of so many bytes.</summary>
    public static int CodeBlockRows(int rowBytes) => Math.Max(1, (256 << 10) / rowBytes);

    /// <summary>CRC-32C.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }
        return ~crc;
    }

    /// <summary>As it stands in the file.</summary>
    public byte[] Write(bool appended = false)
    {
        byte[] head = new byte[Bytes];
        (appended ? AppendedMagic : Magic).CopyTo(head, 0);
        Encoding.ASCII.GetBytes(Space).CopyTo(head, SpaceAt);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), Collection);
        MemoryMarshal.Cast<int, byte>([Dimensions, Rows, Documents, Removed]).CopyTo(head.AsSpan(NumbersAt));
        MemoryMarshal.Cast<long, byte>([FromSeq, ToSeq]).CopyTo(head.AsSpan(NumbersAt + 16));
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(NumbersAt + 32), Sections.Count);
        for (int i = 0; i < Sections.Count; i++)
        {
            Span<byte> at = head.AsSpan(SectionsAt + i * SectionBytes);
            MemoryMarshal.Cast<int, byte>([(int)Sections[i].Kind, Sections[i].BlockBytes]).CopyTo(at);
            MemoryMarshal.Cast<long, byte>([Sections[i].Offset, Sections[i].Length, Sections[i].Checksums]).CopyTo(at[8..]);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(Bytes - 4), Checksum(head.AsSpan(0, Bytes - 4)));
        return head;
    }

    /// <summary>Reads a head of this version or an older one.</summary>
    /// <exception cref="SegmentException">Damaged, not a segment, or of a newer version.</exception>
    public static SegmentHead Read(ReadOnlySpan<byte> file, bool appended = false)
    {
        if (file.Length < Bytes || !file.StartsWith(appended ? AppendedMagic : Magic))
        {
            throw new SegmentException("it is not a whole segment file");
        }
        int version = BinaryPrimitives.ReadInt32LittleEndian(file[8..]);
        if (version > Version)
        {
            throw new SegmentException($"it was written by a newer program: its format is version {version}, this program knows {Version}");
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(file[(Bytes - 4)..]) != Checksum(file[..(Bytes - 4)]))
        {
            throw new SegmentException("its head is damaged");
        }
        ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(file.Slice(NumbersAt, 16));
        ReadOnlySpan<long> seqs = MemoryMarshal.Cast<byte, long>(file.Slice(NumbersAt + 16, 16));
        int count = Math.Min(MostSections, BinaryPrimitives.ReadInt32LittleEndian(file[(NumbersAt + 32)..]));
        Section[] sections = new Section[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = file.Slice(SectionsAt + i * SectionBytes, SectionBytes);
            ReadOnlySpan<int> shape = MemoryMarshal.Cast<byte, int>(at[..8]);
            ReadOnlySpan<long> place = MemoryMarshal.Cast<byte, long>(at[8..]);
            sections[i] = new Section((SectionKind)shape[0], shape[1], place[0], place[1], place[2]);
        }
        return new SegmentHead(BinaryPrimitives.ReadInt64LittleEndian(file[16..]), Encoding.ASCII.GetString(file.Slice(SpaceAt, 32)).TrimEnd('\0'), numbers[0], numbers[1], numbers[2], numbers[3], seqs[0], seqs[1], sections);
    }
}

/// <summary>A segment file that cannot be used; the message completes "… is not used: ".</summary>
internal sealed class SegmentException(string message) : Exception(message);
