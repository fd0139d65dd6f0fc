using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Graph;

/// <summary>A graph as bytes: options, entry, levels, links, little-endian. Whoever stores it adds a checksum and a version.</summary>
public static class GraphFormat
{
    /// <summary>Serialises.</summary>
    public static byte[] Write(HnswGraph graph)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        (int links, int breadth, int seed) = graph.Options;
        foreach (int number in (ReadOnlySpan<int>)[links, breadth, seed, graph.Rows, graph.Entry, graph.Upper.Count])
        {
            writer.Write(number);
        }
        writer.Write(graph.Levels);
        writer.Write(MemoryMarshal.AsBytes(graph.Ground.AsSpan()));
        foreach ((int row, int[] upper) in graph.Upper.OrderBy(u => u.Key))
        {
            writer.Write(row);
            writer.Write(MemoryMarshal.AsBytes(upper.AsSpan()));
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Not a whole graph, or one with links to nowhere.</exception>
    public static HnswGraph Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            ReadOnlySpan<int> head = MemoryMarshal.Cast<byte, int>(bytes[..24]);
            (GraphOptions options, int rows, int entry, int uppers) = (new GraphOptions(head[0], head[1], head[2]), head[3], head[4], head[5]);
            ReadOnlySpan<byte> rest = bytes[24..];
            byte[] levels = Take<byte>(ref rest, rows);
            int[] ground = Take<int>(ref rest, rows * 2 * options.Links);
            Dictionary<int, int[]> upper = new(uppers);
            for (int i = 0; i < uppers; i++)
            {
                int row = Take<int>(ref rest, 1)[0];
                upper[row] = Take<int>(ref rest, levels[row] * options.Links);
            }
            bool whole = rest.IsEmpty && entry >= HnswGraph.None && entry < rows && !ground.Concat(upper.Values.SelectMany(u => u)).Any(link => link < HnswGraph.None || link >= rows);
            return whole ? new HnswGraph(options, levels, ground, upper, entry) : throw new InvalidDataException("The graph has links to rows that it does not have.");
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The graph is cut short.", e);
        }
    }

    private static T[] Take<T>(ref ReadOnlySpan<byte> from, int count) where T : unmanaged
    {
        int bytes = checked(count * Marshal.SizeOf<T>());
        T[] taken = MemoryMarshal.Cast<byte, T>(from[..bytes]).ToArray();
        from = from[bytes..];
        return taken;
    }
}
