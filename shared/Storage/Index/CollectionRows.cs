using System.Text.Json;
using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>What readers see: blocks of rows that are never rewritten, the rows that live, and the documents behind them.</summary>
/// <param name="Seq">Last change that is in.</param>
/// <param name="Dimensions">Numbers a row.</param>
/// <param name="Rows">Rows in use, dead ones included.</param>
/// <param name="Blocks">Each of <see cref="CollectionRows.BlockRows"/> rows, row-major.</param>
/// <param name="Handles">The catalog's row of each row, ascending.</param>
/// <param name="Owners">Index of each row's document.</param>
/// <param name="Documents">By document index.</param>
/// <param name="Live">Rows that can be found.</param>
internal sealed record RowsSnapshot(long Seq, int Dimensions, int Rows, float[][] Blocks, long[] Handles, int[] Owners, (string Id, JsonElement Metadata)[] Documents, RowBitmap Live)
{
    /// <summary>The best rows that live and pass.</summary>
    public IReadOnlyList<(long Row, float Score)> Search(ReadOnlySpan<float> query, int top, FilterPlan? filter)
    {
        RowBitmap allowed = Allowed(filter);
        TopRows best = new(Math.Min(top, Math.Max(1, Rows)));
        for (int block = 0, first = 0; first < Rows; block++, first += CollectionRows.BlockRows)
        {
            ExactScan.Scan(query, Blocks[block], Math.Min(CollectionRows.BlockRows, Rows - first), first, allowed, best);
        }
        return [.. best.ToSorted().Select(r => (Handles[r.Row], r.Score))];
    }

    /// <summary>Rows that live and whose document passes.</summary>
    public RowBitmap Allowed(FilterPlan? filter)
    {
        if (filter is null)
        {
            return Live;
        }
        sbyte[] verdicts = new sbyte[Documents.Length]; // 0 not asked yet, 1 passes, -1 fails
        RowBitmap allowed = new(Rows);
        for (int row = 0; row < Rows; row++)
        {
            if (Live[row])
            {
                ref sbyte verdict = ref verdicts[Owners[row]];
                verdict = verdict != 0 ? verdict : filter.Holds(Documents[Owners[row]].Metadata, Documents[Owners[row]].Id) ? (sbyte)1 : (sbyte)-1;
                allowed[row] = verdict > 0;
            }
        }
        return allowed;
    }

    /// <summary>The row of a catalog row; negative when it is not here.</summary>
    public int Find(long handle) => Array.BinarySearch(Handles, 0, Rows, handle);
}

/// <summary>
/// The rows of one collection, written by one follower. Rows are only appended, so a published snapshot stays true while the next one grows;
/// when most are dead the live ones move to new blocks.
/// </summary>
internal sealed class CollectionRows(int dimensions)
{
    /// <summary>Rows a block.</summary>
    public const int BlockRows = 4096;

    private readonly Dictionary<long, (int Index, List<int> Rows)> _documents = [];
    private float[][] _blocks = [];
    private long[] _handles = [];
    private int[] _owners = [];
    private (string Id, JsonElement Metadata)[] _contents = [];
    private RowBitmap _live = new(0);
    private int _rows, _alive, _owned;

    /// <summary>Applies changes in order and gives the new state.</summary>
    public RowsSnapshot Apply(IReadOnlyList<DocumentChange> changes)
    {
        int added = changes.Sum(c => c.Chunks.Count);
        _live = _live.Grown(_rows + added); // a copy: readers keep theirs
        foreach (DocumentChange change in changes)
        {
            Replace(change);
        }
        if (_rows > BlockRows && _alive < _rows / 2)
        {
            Compact();
        }
        return new RowsSnapshot(changes[^1].Seq, dimensions, _rows, _blocks, _handles, _owners, _contents, _live);
    }

    /// <summary>The state of a collection without documents.</summary>
    public static RowsSnapshot Empty(int dimensions) => new(0, dimensions, 0, [], [], [], [], new RowBitmap(0));

    private void Replace(DocumentChange change)
    {
        if (_documents.Remove(change.Document, out (int Index, List<int> Rows) old))
        {
            old.Rows.ForEach(row => _live[row] = false);
            _alive -= old.Rows.Count;
        }
        if (change.Chunks.Count == 0)
        {
            return;
        }
        Grow(ref _contents, _owned + 1);
        _contents[_owned] = (change.Id, FilterPlan.Element(change.Metadata));
        List<int> rows = [.. change.Chunks.Select(c => Append(c.Row, c.Vector, _owned))];
        _documents[change.Document] = (_owned++, rows);
        _alive += rows.Count;
    }

    private int Append(long handle, ReadOnlySpan<float> vector, int owner)
    {
        int row = _rows++;
        if (row / BlockRows == _blocks.Length)
        {
            _blocks = [.. _blocks, GC.AllocateUninitializedArray<float>(BlockRows * dimensions)];
        }
        vector.CopyTo(_blocks[row / BlockRows].AsSpan(row % BlockRows * dimensions, dimensions));
        Grow(ref _handles, _rows);
        Grow(ref _owners, _rows);
        (_handles[row], _owners[row], _live[row]) = (handle, owner, true);
        return row;
    }

    private void Compact()
    {
        (float[][] blocks, long[] handles, int[] owners, (string, JsonElement)[] contents, RowBitmap live, int rows) = (_blocks, _handles, _owners, _contents, _live, _rows);
        Dictionary<int, long> documentOf = _documents.ToDictionary(d => d.Value.Index, d => d.Key);
        (_blocks, _handles, _owners, _contents, _rows, _owned, _live) = ([], [], [], [], 0, 0, new RowBitmap(_alive));
        _documents.Clear();
        Dictionary<int, int> moved = [];
        for (int row = 0; row < rows; row++)
        {
            if (!live[row])
            {
                continue;
            }
            if (!moved.TryGetValue(owners[row], out int owner))
            {
                moved[owners[row]] = owner = _owned++;
                Grow(ref _contents, _owned);
                _contents[owner] = contents[owners[row]];
                _documents[documentOf[owners[row]]] = (owner, []);
            }
            _documents[documentOf[owners[row]]].Rows.Add(Append(handles[row], blocks[row / BlockRows].AsSpan(row % BlockRows * dimensions, dimensions), owner));
        }
    }

    // A new array when it grows: readers keep the one that they have.
    private static void Grow<T>(ref T[] array, int needed)
    {
        if (needed > array.Length)
        {
            Array.Resize(ref array, Math.Max(needed, Math.Max(16, array.Length * 2)));
        }
    }
}
