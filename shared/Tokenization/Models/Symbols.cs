namespace Retrieval.Tokenization;

/// <summary>
/// The symbols of one piece while they are merged: always the pair of lowest rank, the leftmost of equal ones, until none is left. Short pieces are searched from end to end for each
/// merge; long ones keep the lowest rank of every stretch in a tree, so that a piece of n symbols takes n log n, without a queue of pairs that have gone stale. One a thread, used again and again.
/// </summary>
internal sealed class Symbols
{
    // A thread that met one huge piece must not hold on to its memory for ever.
    private const int Short = 48, MostKept = 1 << 18;

    [ThreadStatic]
    private static Symbols? t_mine;

    private int[] _ids = new int[256], _ends = new int[256], _ranks = new int[256], _merged = new int[256];
    private int[] _next = [], _previous = [], _tree = [];

    public int Count { get; private set; }

    /// <summary>Ids of the symbols.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Where each symbol ends, in whatever the caller counts in; it begins where the one before ends.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>The symbols of this thread, none.</summary>
    public static Symbols Rent(int capacity)
    {
        Symbols symbols = t_mine is { } mine && mine._ids.Length <= Math.Max(capacity, MostKept) ? mine : t_mine = new Symbols();
        symbols.Count = 0;
        if (capacity > symbols._ids.Length)
        {
            int size = Math.Max(capacity, symbols._ids.Length * 2);
            (symbols._ids, symbols._ends, symbols._ranks, symbols._merged) = (new int[size], new int[size], new int[size], new int[size]);
        }
        return symbols;
    }

    /// <summary>Appends a symbol; there is room for as many as were rented.</summary>
    public void Add(int id, int end)
    {
        (_ids[Count], _ends[Count]) = (id, end);
        Count++;
    }

    public void Merge(MergeTable merges)
    {
        if (Count <= Short)
        {
            MergeShort(merges);
        }
        else
        {
            MergeLong(merges);
        }
    }

    private void MergeShort(MergeTable merges)
    {
        Span<int> ids = _ids.AsSpan(0, Count), ends = _ends.AsSpan(0, Count), ranks = _ranks.AsSpan(0, Count), merged = _merged.AsSpan(0, Count);
        int count = Count;
        for (int i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.Find(ids[i], ids[i + 1], out merged[i]);
        }
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i < count - 1; i++)
            {
                best = ranks[i] < ranks[best] ? i : best;
            }
            if (ranks[best] == MergeTable.Never)
            {
                break;
            }
            ids[best] = merged[best];
            count--;
            for (int i = best + 1; i < count; i++)
            {
                (ids[i], ranks[i], merged[i], ends[i - 1]) = (ids[i + 1], ranks[i + 1], merged[i + 1], ends[i]);
            }
            ends[count - 1] = ends[count];
            if (best > 0)
            {
                ranks[best - 1] = merges.Find(ids[best - 1], ids[best], out merged[best - 1]);
            }
            if (best + 1 < count)
            {
                ranks[best] = merges.Find(ids[best], ids[best + 1], out merged[best]);
            }
        }
        Count = count;
    }

    private void MergeLong(MergeTable merges)
    {
        int count = Count, leaves = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
        Grow(leaves);
        int[] tree = _tree, next = _next, previous = _previous;
        tree.AsSpan(leaves, leaves).Fill(MergeTable.Never);
        for (int i = 0; i < count; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            tree[leaves + i] = i + 1 < count ? merges.Find(_ids[i], _ids[i + 1], out _merged[i]) : MergeTable.Never;
        }
        for (int node = leaves - 1; node > 0; node--)
        {
            tree[node] = Math.Min(tree[node * 2], tree[node * 2 + 1]);
        }
        while (tree[1] != MergeTable.Never)
        {
            int left = Leftmost(tree, leaves), right = next[left], after = next[right], before = previous[left];
            (_ids[left], _ends[left], next[left]) = (_merged[left], _ends[right], after);
            Set(tree, leaves + right, MergeTable.Never);
            Set(tree, leaves + left, after < count ? merges.Find(_ids[left], _ids[after], out _merged[left]) : MergeTable.Never);
            if (after < count)
            {
                previous[after] = left;
            }
            if (before >= 0)
            {
                Set(tree, leaves + before, merges.Find(_ids[before], _ids[left], out _merged[before]));
            }
        }
        Count = 0;
        for (int i = 0; i < count; i = next[i])
        {
            Add(_ids[i], _ends[i]);
        }
    }

    private static int Leftmost(int[] tree, int leaves)
    {
        int node = 1, rank = tree[1];
        while (node < leaves)
        {
            node = tree[node * 2] == rank ? node * 2 : node * 2 + 1;
        }
        return node - leaves;
    }

    private static void Set(int[] tree, int node, int rank)
    {
        tree[node] = rank;
        for (node /= 2; node > 0; node /= 2)
        {
            int lowest = Math.Min(tree[node * 2], tree[node * 2 + 1]);
            if (tree[node] == lowest)
            {
                return;
            }
            tree[node] = lowest;
        }
    }

    private void Grow(int leaves)
    {
        if (_tree.Length < leaves * 2)
        {
            (_tree, _next, _previous) = (new int[leaves * 2], new int[leaves], new int[leaves]);
        }
    }
}
