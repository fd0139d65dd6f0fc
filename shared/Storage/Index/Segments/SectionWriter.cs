namespace Retrieval.Storage;

/// <summary>A section that is to be written: its bytes come piece by piece.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="BlockBytes">Bytes a checksum.</param>
/// <param name="Length">Bytes in all.</param>
/// <param name="Write">Gives the bytes to whom it is handed.</param>
internal sealed record NewSection(SectionKind Kind, int BlockBytes, long Length, Action<Action<ReadOnlySpan<byte>>> Write)
{
    private const int PlainBlockBytes = 1 << 20;

    /// <summary>A section that is read as a whole.</summary>
    public static NewSection Whole(SectionKind kind, long length, Action<Action<ReadOnlySpan<byte>>> write) => new(kind, PlainBlockBytes, length, write);
}

/// <summary>Sections one after another, each with its checksums behind it.</summary>
internal static class SectionWriter
{
    /// <summary>Where each of them will be, when the first begins here.</summary>
    public static IReadOnlyList<Section> Places(IReadOnlyList<NewSection> sections, long at)
    {
        List<Section> places = [];
        foreach (NewSection section in sections)
        {
            Section place = new(section.Kind, section.BlockBytes, at, section.Length, SegmentHead.Aligned(at + section.Length));
            places.Add(place);
            at = SegmentHead.Aligned(place.Checksums + place.Blocks * sizeof(uint));
        }
        return places;
    }

    /// <summary>Writes them to their places, and padding to the end of the last.</summary>
    public static void Write(Stream stream, IReadOnlyList<NewSection> sections, IReadOnlyList<Section> places)
    {
        for (int i = 0; i < places.Count; i++)
        {
            Pad(stream, places[i].Offset);
            uint[] checksums = WriteBlocks(stream, places[i], sections[i].Write);
            Pad(stream, places[i].Checksums);
            stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(checksums.AsSpan()));
        }
        Pad(stream, SegmentHead.Aligned(stream.Position));
    }

    private static uint[] WriteBlocks(Stream stream, Section place, Action<Action<ReadOnlySpan<byte>>> write)
    {
        uint[] checksums = new uint[place.Blocks];
        byte[] block = new byte[Math.Min(place.BlockBytes, place.Length)];
        int filled = 0, blocks = 0;
        void Flush()
        {
            checksums[blocks++] = SegmentHead.Checksum(block.AsSpan(0, filled));
            stream.Write(block, 0, filled);
            filled = 0;
        }
        write(bytes =>
        {
            while (bytes.Length > 0)
            {
                int take = Math.Min(bytes.Length, block.Length - filled);
                bytes[..take].CopyTo(block.AsSpan(filled));
                filled += take;
                bytes = bytes[take..];
                if (filled == block.Length)
                {
                    Flush();
                }
            }
        });
        if (filled > 0)
        {
            Flush();
        }
        return checksums;
    }

    private static void Pad(Stream stream, long offset) => stream.Write(new byte[offset - stream.Position]);
}
