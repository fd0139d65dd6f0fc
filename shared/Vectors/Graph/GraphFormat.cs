using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Graph;

/// <summary>A graph as bytes, little-endian: the graph searches in them as they are. Whoever stores it adds a checksum and a version.</summary>
public static class GraphFormat
{
    /// <summary>The bytes.</summary>
    public static ReadOnlySpan<byte> Write(HnswGraph graph) => graph.Image;

    /// <summary>Reads what <see cref="Write"/> wrote and looks at every link.</summary>
    /// <exception cref="InvalidDataException">Not a whole graph, or one with links to nowhere.</exception>
    public static HnswGraph Read(ReadOnlyMemory<byte> bytes)
    {
        HnswGraph graph = Map(bytes);
        GraphLayout layout = GraphLayout.Read(bytes.Span);
        return AreRows(layout.Ground(bytes.Span), graph.Rows) && AreRows(layout.UpperLinks(bytes.Span), graph.Rows) ? graph : throw new InvalidDataException("The graph has links to rows that it does not have.");
    }

    /// <summary>The same over bytes that are known to be what was written, by their checksums: only the head is looked at.</summary>
    /// <exception cref="InvalidDataException">Not a whole graph.</exception>
    public static HnswGraph Map(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>Reads a graph as it was written into segments of version 2: options, entry, levels, links of the ground, then row by row those above.</summary>
    /// <exception cref="InvalidDataException">Not a whole graph, or one with links to nowhere.</exception>
    public static HnswGraph ReadOld(ReadOnlySpan<byte> bytes)
    {
        try
        {
            int[] head = MemoryMarshal.Cast<byte, int>(bytes[..24]).ToArray();
            ReadOnlySpan<byte> levels = bytes.Slice(24, head[3]), ground = bytes.Slice(24 + head[3], checked(head[3] * 2 * head[0] * sizeof(int))), rest = bytes[(24 + levels.Length + ground.Length)..];
            GraphLayout layout = new(new GraphOptions(head[0], head[1], head[2]), head[3], head[5], levels.ToArray().Sum(level => level) * head[0]);
            byte[] image = layout.Create(levels);
            GraphLayout.SetEntry(image, head[4]);
            ground.CopyTo(MemoryMarshal.AsBytes(layout.Ground(image.AsSpan())));
            while (!rest.IsEmpty)
            {
                int row = MemoryMarshal.Read<int>(rest);
                rest = rest[sizeof(int)..];
                for (int layer = 1; layer <= levels[row]; layer++)
                {
                    Span<byte> places = MemoryMarshal.AsBytes(layout.Places(image.AsSpan(), row, layer));
                    rest[..places.Length].CopyTo(places);
                    rest = rest[places.Length..];
                }
            }
            return Read(image);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The graph is cut short.", e);
        }
    }

    private static bool AreRows(ReadOnlySpan<int> links, int rows) => links.IsEmpty || links.IndexOfAnyExceptInRange(HnswGraph.None, rows - 1) < 0;
}
