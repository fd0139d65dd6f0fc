using System.Collections.Concurrent;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;

namespace Retrieval.Storage;

/// <summary>
/// A search of one part, in runs that cores share: a walk through its graph, or a look at each code, or at each vector. What codes or a graph propose is scored by the vectors themselves,
/// so scores are exact always, and which rows are found is exact where every vector is looked at.
/// </summary>
internal sealed class PartSearch(PartSlice slice, RowBitmap allowed, ReadOnlyMemory<float> query, int top, SearchEffort effort)
{
    private const int CodesAtOnce = 512, FewestCodes = 4096;

    private readonly SegmentPart? _segment = slice.Part as SegmentPart;
    private readonly CodeQuery? _coded = (slice.Part as SegmentPart)?.Codec?.Codec.Query(query.Span);
    private readonly ConcurrentBag<(int Row, float Score)[]> _found = [];

    /// <summary>Rows to look at, for planning.</summary>
    public int Rows => Graph is null ? slice.Rows : 0;

    /// <summary>Independent pieces of work.</summary>
    public int Runs => Graph is null ? (slice.Rows + RowsAtOnce - 1) / RowsAtOnce : 1;

    /// <summary>Walks go over codes; without them every vector is looked at.</summary>
    private HnswGraph? Graph => _coded is null ? null : _segment!.Graph;

    // Codes are an eighth of the vectors or less, and each run has its own candidates to sort.
    private int RowsAtOnce => _coded is null ? effort.RowsAtOnce : Math.Max(effort.RowsAtOnce, FewestCodes);

    private int Candidates => Math.Min(slice.Rows, _coded is null ? top : checked(top * effort.Oversampling));

    private int Breadth => Math.Max(Candidates, effort.Breadth);

    /// <summary>Does one piece.</summary>
    public void Run(int run)
    {
        (int first, int end) = (run * RowsAtOnce, Math.Min(slice.Rows, (run + 1) * RowsAtOnce));
        _found.Add(Graph is { } graph ? Walk(graph) : _coded is null ? Scan(first, end) : ScanCodes(first, end));
        GC.KeepAlive(slice); // its file stays mapped while spans of it are read
    }

    /// <summary>The best of all pieces, by the catalog's rows.</summary>
    public IEnumerable<(long Row, float Score)> Best()
    {
        IEnumerable<(int Row, float Score)> found = _found.SelectMany(f => f);
        if (_coded is not null)
        {
            TopRows candidates = Of(found, Graph is null ? Candidates : Breadth);
            found = candidates.ToSorted().Select(c => (c.Row, Exact(c.Row)));
        }
        return Of(found, Math.Min(top, slice.Rows)).ToSorted().Select(f => (slice.Part.Handles[f.Row], f.Score));
    }

    private (int Row, float Score)[] Walk(HnswGraph graph) =>
        graph.Search(new CodeScores(_coded!, row => _segment!.Codes(row)[.._segment.Codec!.Codec.CodeBytes]), Breadth, Breadth, allowed);

    private (int Row, float Score)[] Scan(int first, int end)
    {
        TopRows best = new(Math.Min(top, end - first));
        while (first < end)
        {
            ReadOnlySpan<float> block = slice.Part.Vectors(first);
            int count = Math.Min(block.Length / query.Length, end - first);
            ExactScan.Scan(query.Span, block, count, first, allowed, best);
            first += count;
        }
        return best.ToSorted();
    }

    private (int Row, float Score)[] ScanCodes(int first, int end)
    {
        TopRows best = new(Math.Min(Candidates, end - first));
        Span<float> scores = stackalloc float[CodesAtOnce];
        int codeBytes = _segment!.Codec!.Codec.CodeBytes;
        while (first < end)
        {
            ReadOnlySpan<byte> block = _segment.Codes(first);
            int count = Math.Min(Math.Min(block.Length / codeBytes, end - first), CodesAtOnce);
            _coded!.Score(block[..(count * codeBytes)], scores[..count]);
            for (int i = 0; i < count; i++)
            {
                if (allowed[first + i])
                {
                    best.Add(first + i, scores[i]);
                }
            }
            first += count;
        }
        return best.ToSorted();
    }

    private float Exact(int row) => Kernels.Dot(query.Span, slice.Part.Vectors(row)[..query.Length]);

    private static TopRows Of(IEnumerable<(int Row, float Score)> rows, int most)
    {
        TopRows best = new(most);
        foreach ((int row, float score) in rows)
        {
            best.Add(row, score);
        }
        return best;
    }
}
