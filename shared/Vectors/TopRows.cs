namespace Retrieval.Vectors;

/// <summary>The best k of a stream of scored rows: a bounded heap with the worst kept row at its root. At equal score the lower row wins.</summary>
public sealed class TopRows
{
    private readonly (int Row, float Score)[] _heap;
    private int _count;

    /// <summary>Keeps at most <paramref name="k"/> rows.</summary>
    public TopRows(int k) => _heap = new (int, float)[k];

    /// <summary>A score below it cannot be kept: that of the worst row once all places are taken.</summary>
    public float Floor => _count < _heap.Length ? float.NegativeInfinity : _count > 0 ? _heap[0].Score : float.PositiveInfinity;

    /// <summary>Offers a row; one without a comparable score (not a number) is passed over.</summary>
    public void Add(int row, float score)
    {
        if (float.IsNaN(score))
        {
            return;
        }
        if (_count < _heap.Length)
        {
            Rise(_count++, (row, score));
        }
        else if (_count > 0 && IsWorse(_heap[0], (row, score)))
        {
            Sink((row, score));
        }
    }

    /// <summary>The rows kept, best first.</summary>
    public (int Row, float Score)[] ToSorted()
    {
        (int Row, float Score)[] sorted = _heap[.._count];
        Array.Sort(sorted, (a, b) => IsWorse(a, b) ? 1 : IsWorse(b, a) ? -1 : 0);
        return sorted;
    }

    private static bool IsWorse((int Row, float Score) a, (int Row, float Score) b) => a.Score < b.Score || (a.Score == b.Score && a.Row > b.Row);

    private void Rise(int at, (int Row, float Score) item)
    {
        for (int parent = (at - 1) / 2; at > 0 && IsWorse(item, _heap[parent]); parent = (at - 1) / 2)
        {
            _heap[at] = _heap[parent];
            at = parent;
        }
        _heap[at] = item;
    }

    private void Sink((int Row, float Score) item)
    {
        int at = 0;
        while (2 * at + 1 < _count)
        {
            int child = 2 * at + 1;
            if (child + 1 < _count && IsWorse(_heap[child + 1], _heap[child]))
            {
                child++;
            }
            if (!IsWorse(_heap[child], item))
            {
                break;
            }
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = item;
    }
}
