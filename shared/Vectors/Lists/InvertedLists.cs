using System.Runtime.InteropServices;
using Retrieval.Vectors.Search;

namespace Retrieval.Vectors.Lists;

/// <summary>
/// Rows by the nearest of some centroids (an inverted file, IVF): a search looks at the lists whose centroids are nearest to the query. It holds centroids and row numbers only, in one block of
/// bytes that a file may hold as well: a head of 64 (lists, dimensions, probes, rows, blocks; int32), the centroids, the first block of each list and one behind the last, then the row of each lane.
/// Each list has whole blocks of 32 lanes, so that packed codes may lie in the same order; lanes that are left over hold -1.
/// </summary>
public sealed class InvertedLists
{
    private const int HeadBytes = 64, Numbers = 5, None = -1;
    private readonly ReadOnlyMemory<byte> _image;
    private readonly int _blocks;

    private InvertedLists(ReadOnlyMemory<byte> image)
    {
        ReadOnlySpan<int> head = MemoryMarshal.Cast<byte, int>(image.Span)[..Numbers];
        (_image, Count, Dimensions, Probes, Rows, _blocks) = (image, head[0], head[1], head[2], head[3], head[4]);
    }

    /// <summary>Number of lists.</summary>
    public int Count { get; }

    /// <summary>Numbers of a centroid.</summary>
    public int Dimensions { get; }

    /// <summary>Lists that a search looks at, by what was measured when they were built.</summary>
    public int Probes { get; }

    /// <summary>Rows in all lists together.</summary>
    public int Rows { get; }

    /// <summary>Blocks of 32 lanes in all lists together.</summary>
    public int Blocks => _blocks;

    /// <summary>As they are stored; whoever stores them adds a checksum and a version.</summary>
    public ReadOnlySpan<byte> Image => _image.Span;

    /// <summary>The row of each lane; negative: none.</summary>
    public ReadOnlySpan<int> Lanes => Part<int>(LanesAt, _blocks * PackedLayout.BlockRows);

    private ReadOnlySpan<float> Centroids => Part<float>(HeadBytes, Count * Dimensions);

    private int StartsAt => HeadBytes + Count * Dimensions * sizeof(float);

    private int LanesAt => StartsAt + (Count + 1) * sizeof(int);

    /// <summary>Over bytes that are what <see cref="Image"/> was; they are not copied.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public static InvertedLists Map(ReadOnlyMemory<byte> image)
    {
        InvertedLists lists = image.Length >= HeadBytes ? new InvertedLists(image) : throw new InvalidDataException("The lists are cut short.");
        long bytes = HeadBytes + (long)lists.Count * lists.Dimensions * sizeof(float) + (lists.Count + 1L) * sizeof(int) + (long)lists._blocks * PackedLayout.BlockRows * sizeof(int);
        return lists.Count > 0 && lists.Dimensions > 0 && lists._blocks >= 0 && bytes == image.Length ? lists : throw new InvalidDataException($"{image.Length} bytes are not {lists.Count} lists of {lists.Rows} rows.");
    }

    /// <summary>The blocks of a list.</summary>
    public Range BlocksOf(int list)
    {
        ReadOnlySpan<int> starts = Part<int>(StartsAt, Count + 1);
        return starts[list]..starts[list + 1];
    }

    /// <summary>Lists with the nearest centroid first: as many as are looked at by themselves, then, where more are asked for, all others.</summary>
    public IEnumerable<int> Nearest(ReadOnlyMemory<float> query)
    {
        float[] scores = new float[Count];
        ReadOnlySpan<float> centroids = Centroids;
        TopRows best = new(Probes);
        for (int list = 0; list < Count; list++)
        {
            best.Add(list, scores[list] = Kernels.Dot(query.Span, centroids.Slice(list * Dimensions, Dimensions)));
        }
        return Ordered([.. best.ToSorted().Select(b => b.Row)], scores);
    }

    internal static InvertedLists Create(ReadOnlySpan<float> centroids, int dimensions, ReadOnlySpan<int> assigned, int probes)
    {
        int count = centroids.Length / dimensions;
        int[] sizes = new int[count], starts = new int[count + 1];
        foreach (int list in assigned)
        {
            sizes[list]++;
        }
        for (int list = 0; list < count; list++)
        {
            starts[list + 1] = starts[list] + PackedLayout.Blocks(sizes[list]);
        }
        int[] lanes = new int[starts[^1] * PackedLayout.BlockRows], next = [.. starts.Select(s => s * PackedLayout.BlockRows)];
        Array.Fill(lanes, None);
        for (int row = 0; row < assigned.Length; row++)
        {
            lanes[next[assigned[row]]++] = row;
        }
        byte[] head = new byte[HeadBytes];
        ((ReadOnlySpan<int>)[count, dimensions, probes, assigned.Length, starts[^1]]).CopyTo(MemoryMarshal.Cast<byte, int>(head.AsSpan()));
        return new InvertedLists((byte[])[.. head, .. MemoryMarshal.AsBytes(centroids), .. MemoryMarshal.AsBytes(starts.AsSpan()), .. MemoryMarshal.AsBytes(lanes.AsSpan())]);
    }

    private static IEnumerable<int> Ordered(int[] first, float[] scores)
    {
        foreach (int list in first)
        {
            yield return list;
        }
        int[] all = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort(all, (a, b) => scores[a] != scores[b] ? scores[b].CompareTo(scores[a]) : a.CompareTo(b));
        HashSet<int> given = [.. first];
        foreach (int list in all.Where(list => !given.Contains(list)))
        {
            yield return list;
        }
    }

    private ReadOnlySpan<T> Part<T>(int at, int count) where T : unmanaged => MemoryMarshal.Cast<byte, T>(_image.Span[at..])[..count];
}
