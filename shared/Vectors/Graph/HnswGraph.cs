using System.Buffers;

namespace Retrieval.Vectors.Graph;

/// <summary>
/// A hierarchical navigable small world (Malkov and Yashunin, arXiv 1603.09320): every row is in the lowest layer, one of <see cref="GraphOptions.Links"/> in each next one. A search goes down
/// greedily, and in the lowest layer keeps the best rows that it has met. It holds links only, in one block of bytes that a file may hold as well: vectors or codes come with the search. Built by
/// <see cref="GraphBuilder"/>; searches do not change it.
/// </summary>
public sealed class HnswGraph
{
    /// <summary>Rows that a graph of usual shape can have: its links are one block of bytes.</summary>
    public const int MostRows = 12_000_000;

    /// <summary>No link.</summary>
    internal const int None = -1;

    // A filter that leaves fewer rows than a graph would have to walk through is answered by looking at each of them.
    private const int WalkCost = 4;

    private readonly ReadOnlyMemory<byte> _image;
    private readonly GraphLayout _layout;

    /// <summary>A graph in its own bytes, on the heap or in a mapped file; they are not copied.</summary>
    internal HnswGraph(ReadOnlyMemory<byte> image)
    {
        (_image, _layout) = (image, GraphLayout.Read(image.Span));
        Entry = GraphLayout.Entry(image.Span);
    }

    /// <summary>Shape.</summary>
    public GraphOptions Options => _layout.Options;

    /// <summary>Rows.</summary>
    public int Rows => _layout.Rows;

    /// <summary>Bytes of memory or of the file that the links take.</summary>
    public long Bytes => _image.Length;

    /// <summary>As <see cref="GraphFormat"/> writes it.</summary>
    internal ReadOnlySpan<byte> Image => _image.Span;

    /// <summary>Links of the lowest layer, twice <see cref="GraphOptions.Links"/> a row; unused places hold <see cref="None"/>.</summary>
    internal ReadOnlySpan<int> Ground => _layout.Ground(_image.Span);

    /// <summary>Where searches begin: a row of the highest layer; <see cref="None"/> when there are no rows.</summary>
    internal int Entry { get; }

    /// <summary>The nearest rows, best first. When rows are allowed one by one, the answer is as long as there are allowed rows.</summary>
    /// <param name="scores">Of the query.</param>
    /// <param name="top">At most so many.</param>
    /// <param name="breadth">Rows kept on the way, at least <paramref name="top"/>; more find more, and take longer. ef of the paper.</param>
    /// <param name="allowed">Rows that may be found; deleted ones are off. Null: all.</param>
    public (int Row, float Score)[] Search<TScores>(TScores scores, int top, int breadth, RowBitmap? allowed) where TScores : IGraphScores
    {
        int possible = allowed?.Count() ?? Rows;
        top = Math.Min(top, possible);
        if (top == 0)
        {
            return [];
        }
        breadth = Math.Max(top, breadth);
        // To meet `breadth` allowed rows a walk passes breadth / (possible / Rows) rows, and one that is reached by a link costs more than one in a row.
        if (allowed is not null && possible < (double)WalkCost * breadth * Rows / possible)
        {
            return Look(scores, top, allowed);
        }
        (int Row, float Score)[] found = Walk(scores, breadth, allowed);
        return found.Length >= top ? found[..top] : Look(scores, top, allowed); // parts that no link reaches
    }

    /// <summary>Highest layer of a row.</summary>
    internal int Level(int row) => _layout.Levels(_image.Span)[row];

    /// <summary>Links of a row in a layer, those in use.</summary>
    internal ReadOnlySpan<int> Neighbours(int row, int layer) => InUse(_layout.Places(_image.Span, row, layer));

    /// <summary>The best rows of one layer that a walk from some entries meets, best first.</summary>
    internal long[] WalkLayer<TScores>(TScores scores, ReadOnlySpan<long> entries, int breadth, int layer, RowBitmap? allowed, int rows) where TScores : IGraphScores
    {
        int words = (rows + 63) / 64, most = 2 * Options.Links;
        ulong[] seen = ArrayPool<ulong>.Shared.Rent(words);
        seen.AsSpan(0, words).Clear();
        long[] nearest = ArrayPool<long>.Shared.Rent(breadth + 1);
        (long[] open, int[] next, float[] values) = (ArrayPool<long>.Shared.Rent(Math.Max(1024, 4 * breadth)), new int[most], new float[most]);
        ScoreHeap kept = new(nearest), waiting = new(open);
        ReadOnlySpan<int> ground = Ground;
        foreach (long entry in entries)
        {
            int row = ScoreHeap.Row(entry);
            seen[row >> 6] |= 1UL << row;
            waiting.Push(~entry); // a heap of the largest: the complement turns the order round
            Keep(ref kept, entry, breadth, allowed);
        }
        while (waiting.Count > 0)
        {
            long from = ~waiting.Pop();
            if (kept.Count == breadth && from < kept.Top)
            {
                break;
            }
            int count = 0;
            foreach (int neighbour in layer == 0 ? InUse(ground.Slice(ScoreHeap.Row(from) * most, most)) : Neighbours(ScoreHeap.Row(from), layer))
            {
                ref ulong word = ref seen[neighbour >> 6];
                if ((word >> neighbour & 1) == 0)
                {
                    word |= 1UL << neighbour;
                    next[count++] = neighbour;
                }
            }
            scores.Score(next.AsSpan(0, count), values);
            for (int i = 0; i < count; i++)
            {
                long item = ScoreHeap.Pack(values[i], next[i]);
                if (kept.Count < breadth || item > kept.Top)
                {
                    if (waiting.Count == open.Length)
                    {
                        open = Larger(open, ref waiting);
                    }
                    waiting.Push(~item);
                    Keep(ref kept, item, breadth, allowed);
                }
            }
        }
        long[] found = kept.Items.ToArray();
        Array.Sort(found, (a, b) => b.CompareTo(a));
        ArrayPool<ulong>.Shared.Return(seen);
        ArrayPool<long>.Shared.Return(nearest);
        ArrayPool<long>.Shared.Return(open);
        return found;
    }

    /// <summary>Goes down to a layer, to the best row that greedy steps find.</summary>
    internal long Descend<TScores>(TScores scores, int toLayer) where TScores : IGraphScores
    {
        Span<float> value = stackalloc float[1];
        scores.Score([Entry], value);
        long best = ScoreHeap.Pack(value[0], Entry);
        Span<float> values = stackalloc float[2 * Options.Links];
        for (int layer = Level(Entry); layer > toLayer; layer--)
        {
            for (bool moved = true; moved;)
            {
                moved = false;
                ReadOnlySpan<int> neighbours = Neighbours(ScoreHeap.Row(best), layer);
                scores.Score(neighbours, values);
                for (int i = 0; i < neighbours.Length; i++)
                {
                    long item = ScoreHeap.Pack(values[i], neighbours[i]);
                    if (item > best)
                    {
                        (best, moved) = (item, true);
                    }
                }
            }
        }
        return best;
    }

    private static ReadOnlySpan<int> InUse(ReadOnlySpan<int> places)
    {
        int end = places.IndexOf(None);
        return end < 0 ? places : places[..end];
    }

    private (int Row, float Score)[] Walk<TScores>(TScores scores, int breadth, RowBitmap? allowed) where TScores : IGraphScores =>
        [.. WalkLayer(scores, [Descend(scores, 0)], breadth, 0, allowed, Rows).Select(f => (ScoreHeap.Row(f), ScoreHeap.Score(f)))];

    private (int Row, float Score)[] Look<TScores>(TScores scores, int top, RowBitmap? allowed) where TScores : IGraphScores
    {
        const int Together = 256;
        Span<int> rows = stackalloc int[Together];
        Span<float> values = stackalloc float[Together];
        TopRows best = new(top);
        int count = 0;
        for (int row = 0; row <= Rows; row++)
        {
            if (row == Rows || count == Together)
            {
                scores.Score(rows[..count], values);
                for (int i = 0; i < count; i++)
                {
                    best.Add(rows[i], values[i]);
                }
                count = 0;
            }
            if (row < Rows && allowed?[row] != false)
            {
                rows[count++] = row;
            }
        }
        return best.ToSorted();
    }

    private static void Keep(ref ScoreHeap kept, long item, int breadth, RowBitmap? allowed)
    {
        if (allowed is not null && !allowed[ScoreHeap.Row(item)])
        {
            return;
        }
        if (kept.Count < breadth)
        {
            kept.Push(item);
        }
        else
        {
            kept.ReplaceTop(item);
        }
    }

    private static long[] Larger(long[] open, ref ScoreHeap waiting)
    {
        long[] larger = ArrayPool<long>.Shared.Rent(2 * open.Length);
        ScoreHeap moved = new(larger);
        foreach (long item in waiting.Items)
        {
            moved.Push(item);
        }
        waiting = moved;
        ArrayPool<long>.Shared.Return(open);
        return larger;
    }
}
