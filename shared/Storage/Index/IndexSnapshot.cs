using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>How much a search looks at where it does not look at everything.</summary>
/// <param name="Oversampling">Candidates by code for each hit wanted.</param>
/// <param name="Breadth">Candidates kept in a graph, at least.</param>
/// <param name="Exact">Look at every vector after all.</param>
/// <param name="RowsAtOnce">Rows of a run, where all are looked at; never changes an answer.</param>
internal sealed record SearchEffort(int Oversampling, int Breadth, bool Exact = false, int RowsAtOnce = 8192);

/// <summary>What readers see of a collection: parts in the order of their changes, and which of their rows live.</summary>
/// <param name="Seq">Last change that is in.</param>
/// <param name="Dimensions">Numbers a row.</param>
/// <param name="Slices">Oldest first; the last one is in memory and grows, in later snapshots.</param>
internal sealed record IndexSnapshot(long Seq, int Dimensions, IReadOnlyList<PartSlice> Slices)
{
    // Below it threads cost more than they bring.
    private const int RowsWorthAThread = 16_384;

    // Rows that stay in a core's cache while one query after another looks at them.
    private const int BatchRowsAtOnce = 512;

    /// <summary>Rows that can be found.</summary>
    public long Live => Slices.Sum(s => (long)s.Live.Count());

    /// <summary>The best rows that live and pass, by inner product; of equal ones the older. Exact where there are neither codes nor a graph.</summary>
    public IReadOnlyList<(long Row, float Score)> Search(ReadOnlyMemory<float> query, int top, FilterPlan? filter, SearchEffort effort, CancellationToken cancellationToken) =>
        Search([query], top, filter, effort, cancellationToken)[0];

    /// <summary>
    /// The same for several queries, bit for bit what each would get alone. The filter is read once, and every run of rows is looked at by one query after another while it is in the cache.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<(long Row, float Score)>> Search(IReadOnlyList<ReadOnlyMemory<float>> queries, int top, FilterPlan? filter, SearchEffort effort, CancellationToken cancellationToken)
    {
        SearchEffort own = queries.Count > 1 ? effort with { RowsAtOnce = BatchRowsAtOnce } : effort;
        List<PartSearch[]> parts = [.. Slices.Where(s => s.Rows > 0).Select(s => (Slice: s, Allowed: s.Allowed(filter))).Select(s => queries.Select(q => new PartSearch(s.Slice, s.Allowed, q, top, own, cancellationToken)).ToArray())];
        List<(PartSearch[] Searches, int Run)> work = [.. parts.SelectMany(p => Enumerable.Range(0, p.Max(s => s.Runs)).Select(run => (p, run)))];
        void Run(int i)
        {
            foreach (PartSearch search in work[i].Searches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                search.Run(work[i].Run);
            }
        }
        if (parts.Sum(p => p.Sum(s => (long)s.Rows)) < RowsWorthAThread)
        {
            for (int i = 0; i < work.Count; i++)
            {
                Run(i);
            }
        }
        else
        {
            Parallel.For(0, work.Count, new ParallelOptions { CancellationToken = cancellationToken }, Run);
        }
        return [.. queries.Select((_, q) => parts.SelectMany(p => p[q].Best()).OrderByDescending(b => b.Score).ThenBy(b => b.Row).Take(top).ToList())];
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

    /// <summary>Vectors of rows that live, at most so many, spread evenly over all of them from a place that the seed decides.</summary>
    public float[] Sample(int most, int seed)
    {
        float[] sample = new float[(int)Math.Min(Live, most) * Dimensions];
        int taken = 0;
        foreach ((IndexPart part, int row) in Spread(most, seed))
        {
            part.Vectors(row)[..Dimensions].CopyTo(sample.AsSpan(taken++ * Dimensions));
        }
        GC.KeepAlive(Slices);
        return taken * Dimensions == sample.Length ? sample : sample[..(taken * Dimensions)];
    }

    /// <summary>The catalog's rows of such a sample.</summary>
    public IReadOnlyList<long> SampleRows(int most, int seed) => [.. Spread(most, seed).Select(s => s.Part.Handles[s.Row])];

    private IEnumerable<(IndexPart Part, int Row)> Spread(int most, int seed)
    {
        long live = Live, wanted = Math.Min(live, most), taken = 0, number = 0;
        double step = (double)live / Math.Max(1, wanted), next = new Random(seed).NextDouble() * (step - 1);
        foreach (PartSlice slice in Slices)
        {
            for (int row = 0; row < slice.Rows && taken < wanted; row++)
            {
                if (slice.Live[row] && number++ >= (long)next)
                {
                    taken++;
                    next += step;
                    yield return (slice.Part, row);
                }
            }
        }
    }
}
