using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>What readers see of a collection: parts in the order of their changes, and which of their rows live.</summary>
/// <param name="Seq">Last change that is in.</param>
/// <param name="Dimensions">Numbers a row.</param>
/// <param name="Slices">Oldest first; the last one is in memory and grows, in later snapshots.</param>
internal sealed record IndexSnapshot(long Seq, int Dimensions, IReadOnlyList<PartSlice> Slices)
{
    // Below it threads cost more than they bring.
    private const int RowsWorthAThread = 16_384, RowsAtOnce = 8192;

    /// <summary>Rows that can be found.</summary>
    public long Live => Slices.Sum(s => (long)s.Live.Count());

    /// <summary>The best rows that live and pass, by inner product; of equal ones the older.</summary>
    public IReadOnlyList<(long Row, float Score)> Search(ReadOnlyMemory<float> query, int top, FilterPlan? filter, CancellationToken cancellationToken)
    {
        List<(PartSlice Slice, RowBitmap Allowed, int First, int Rows)> runs = [];
        foreach (PartSlice slice in Slices)
        {
            RowBitmap allowed = slice.Allowed(filter);
            for (int first = 0; first < slice.Rows; first += RowsAtOnce)
            {
                runs.Add((slice, allowed, first, Math.Min(RowsAtOnce, slice.Rows - first)));
            }
        }
        (int Row, float Score)[][] found = new (int, float)[runs.Count][];
        void Scan(int i)
        {
            cancellationToken.ThrowIfCancellationRequested();
            found[i] = Best(query.Span, runs[i].Slice, runs[i].Allowed, runs[i].First, runs[i].Rows, top);
        }
        if (runs.Sum(r => r.Rows) < RowsWorthAThread)
        {
            for (int i = 0; i < runs.Count; i++)
            {
                Scan(i);
            }
        }
        else
        {
            Parallel.For(0, runs.Count, new ParallelOptions { CancellationToken = cancellationToken }, Scan);
        }
        return [.. found.SelectMany((best, i) => best.Select(b => (runs[i].Slice.Part.Handles[b.Row], b.Score))).OrderByDescending(b => b.Score).ThenBy(b => b.Item1).Take(top)];
    }

    /// <summary>Whether a catalog row is here, lives and passes, given the allowed rows of each slice.</summary>
    public Func<long, bool> Among(FilterPlan filter)
    {
        RowBitmap[] allowed = [.. Slices.Select(s => s.Allowed(filter))];
        return handle =>
        {
            for (int i = 0; i < allowed.Length; i++)
            {
                if (Slices[i].Part.Handles[..Slices[i].Rows].BinarySearch(handle) is >= 0 and int at)
                {
                    return allowed[i][at];
                }
            }
            return false;
        };
    }

    private static (int Row, float Score)[] Best(ReadOnlySpan<float> query, PartSlice slice, RowBitmap allowed, int first, int rows, int top)
    {
        TopRows best = new(Math.Min(top, rows));
        for (int end = first + rows; first < end;)
        {
            ReadOnlySpan<float> block = slice.Part.Vectors(first);
            int count = Math.Min(block.Length / query.Length, end - first);
            ExactScan.Scan(query, block, count, first, allowed, best);
            first += count;
        }
        GC.KeepAlive(slice); // its file stays mapped while the spans are read
        return best.ToSorted();
    }
}
