using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Graph;

/// <summary>
/// Where a graph's parts are in its bytes: a head of 64 (links, breadth, seed, rows, entry, rows above the ground, places of their links; int32), the links of the ground layer, then the rows of
/// higher layers, ascending, the first place of each, their links layer by layer, and a byte a row with its highest layer. With 16 links a row's ground links are two whole cache lines.
/// </summary>
internal readonly record struct GraphLayout(GraphOptions Options, int Rows, int Uppers, int UpperPlaces)
{
    private const int HeadBytes = 64, EntryAt = 4, Numbers = 7;

    /// <summary>Links of a row on the ground.</summary>
    public int Most => 2 * Options.Links;

    /// <summary>Bytes of the whole.</summary>
    /// <exception cref="OverflowException">More than a span can hold.</exception>
    public int Bytes => checked(LevelsAt + Rows);

    private int UpperRowsAt => checked(HeadBytes + Rows * Most * sizeof(int));

    private int UpperLinksAt => checked(UpperRowsAt + 2 * Uppers * sizeof(int));

    private int LevelsAt => checked(UpperLinksAt + UpperPlaces * sizeof(int));

    /// <summary>From the head.</summary>
    /// <exception cref="InvalidDataException">Numbers that do not fit the length.</exception>
    public static GraphLayout Read(ReadOnlySpan<byte> image)
    {
        if (image.Length < HeadBytes)
        {
            throw new InvalidDataException("The graph is cut short.");
        }
        ReadOnlySpan<int> head = MemoryMarshal.Cast<byte, int>(image)[..Numbers];
        GraphLayout layout = new(new GraphOptions(head[0], head[1], head[2]), head[3], head[5], head[6]);
        try
        {
            bool fits = head[0] > 0 && layout.Rows >= 0 && layout.Uppers >= 0 && layout.UpperPlaces >= 0 && layout.Bytes == image.Length && head[EntryAt] >= HnswGraph.None && head[EntryAt] < layout.Rows;
            return fits ? layout : throw new InvalidDataException($"The graph's {image.Length} bytes are not those of {layout.Rows} rows.");
        }
        catch (OverflowException e)
        {
            throw new InvalidDataException($"The graph's {image.Length} bytes are not those of {layout.Rows} rows.", e);
        }
    }

    /// <summary>Where searches begin.</summary>
    public static int Entry(ReadOnlySpan<byte> image) => MemoryMarshal.Cast<byte, int>(image)[EntryAt];

    /// <summary>An image without links; levels are the caller's.</summary>
    public byte[] Create(ReadOnlySpan<byte> levels)
    {
        byte[] image = new byte[Bytes];
        ((ReadOnlySpan<int>)[Options.Links, Options.Breadth, Options.Seed, Rows, HnswGraph.None, Uppers, UpperPlaces]).CopyTo(MemoryMarshal.Cast<byte, int>(image.AsSpan()));
        Ground(image.AsSpan()).Fill(HnswGraph.None);
        levels.CopyTo(image.AsSpan(LevelsAt));
        Span<int> upper = MemoryMarshal.Cast<byte, int>(image.AsSpan()[UpperRowsAt..LevelsAt]);
        upper[(2 * Uppers)..].Fill(HnswGraph.None);
        for ((int row, int at, int place) = (0, 0, 0); row < Rows; row++)
        {
            if (levels[row] > 0)
            {
                (upper[at], upper[Uppers + at++]) = (row, place);
                place += levels[row] * Options.Links;
            }
        }
        return image;
    }

    /// <summary>Says where searches begin.</summary>
    public static void SetEntry(Span<byte> image, int entry) => MemoryMarshal.Cast<byte, int>(image)[EntryAt] = entry;

    /// <summary>Links of the ground.</summary>
    public ReadOnlySpan<int> Ground(ReadOnlySpan<byte> image) => MemoryMarshal.Cast<byte, int>(image[HeadBytes..UpperRowsAt]);

    /// <summary>The same, to write.</summary>
    public Span<int> Ground(Span<byte> image) => MemoryMarshal.Cast<byte, int>(image[HeadBytes..UpperRowsAt]);

    /// <summary>Highest layer of each row.</summary>
    public ReadOnlySpan<byte> Levels(ReadOnlySpan<byte> image) => image[LevelsAt..];

    /// <summary>All links above the ground.</summary>
    public ReadOnlySpan<int> UpperLinks(ReadOnlySpan<byte> image) => MemoryMarshal.Cast<byte, int>(image[UpperLinksAt..LevelsAt]);

    /// <summary>Places for a row's links in a layer.</summary>
    public ReadOnlySpan<int> Places(ReadOnlySpan<byte> image, int row, int layer)
    {
        (int at, int count) = Place(image, row, layer);
        return MemoryMarshal.Cast<byte, int>(image.Slice(at, count * sizeof(int)));
    }

    /// <summary>The same, to write.</summary>
    public Span<int> Places(Span<byte> image, int row, int layer)
    {
        (int at, int count) = Place(image, row, layer);
        return MemoryMarshal.Cast<byte, int>(image.Slice(at, count * sizeof(int)));
    }

    private (int At, int Count) Place(ReadOnlySpan<byte> image, int row, int layer)
    {
        if (layer == 0)
        {
            return (HeadBytes + row * Most * sizeof(int), Most);
        }
        ReadOnlySpan<int> rows = MemoryMarshal.Cast<byte, int>(image.Slice(UpperRowsAt, Uppers * sizeof(int))), starts = MemoryMarshal.Cast<byte, int>(image.Slice(UpperRowsAt + Uppers * sizeof(int), Uppers * sizeof(int)));
        return (UpperLinksAt + (starts[rows.BinarySearch(row)] + (layer - 1) * Options.Links) * sizeof(int), Options.Links);
    }
}
