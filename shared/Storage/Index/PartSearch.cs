using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Lists;
using Retrieval.Vectors.Search;

namespace Retrieval.Storage;

/// <summary>
/// A search of one part, in runs that cores share: a walk through its graph, or a look at the nearest of its lists, or at each code, or at each vector. What codes, lists or a graph propose is
/// scored by the vectors themselves, so scores are exact always, and which rows are found is exact where every vector is looked at.
/// </summary>
internal sealed class PartSearch
{
    // Half bytes are looked at so fast that shorter pieces would cost more than they share out; codes are an eighth of the vectors or less, and each run has its own candidates to sort.
    private const int PackedAtOnce = 65_536, PackedWeight = 8, FewestCodes = 4096, CodesAtOnce = 512, WorthOfLists = 3;

    private readonly PartSlice _slice;
    private readonly RowBitmap _allowed;
    private readonly ReadOnlyMemory<float> _query;
    private readonly int _top;
    private readonly SearchEffort _effort;
    private readonly CancellationToken _cancellationToken;
    private readonly SegmentPart _segment = null!;
    private readonly CodeQuery? _coded;
    private readonly PackedQuery? _packed;
    private readonly HnswGraph? _graph;
    private readonly InvertedLists? _lists;
    private readonly ConcurrentBag<(int Row, float Score)[]> _found = [];

    public PartSearch(PartSlice slice, RowBitmap allowed, ReadOnlyMemory<float> query, int top, SearchEffort effort, CancellationToken cancellationToken)
    {
        (_slice, _allowed, _query, _top, _effort, _cancellationToken) = (slice, allowed, query, top, effort, cancellationToken);
        if (slice.Part is SegmentPart { Codec.Codec: var codec } segment && !effort.Exact)
        {
            (_segment, _graph, _lists) = (segment, segment.Graph, Worthwhile(segment.Lists));
            _packed = _graph is null ? segment.Packed?.Query(query.Span) : null;
            _coded = _packed is null ? codec.QuickQuery(query.Span) : null;
        }
    }

    /// <summary>Rows to look at, for planning, weighed by the time that one takes.</summary>
    public int Rows => !IsScan ? 0 : _slice.Rows / (_packed is null ? 1 : PackedWeight);

    /// <summary>Independent pieces of work.</summary>
    public int Runs => IsScan ? (_slice.Rows + RowsAtOnce - 1) / RowsAtOnce : 1;

    private int RowsAtOnce => _packed is not null ? PackedAtOnce : _coded is null ? _effort.RowsAtOnce : Math.Max(_effort.RowsAtOnce, FewestCodes);

    private bool IsScan => _graph is null && _lists is null;

    private bool IsCoded => _coded is not null || _packed is not null;

    private int Candidates => Math.Min(_slice.Rows, IsCoded ? (int)Math.Min(int.MaxValue, (long)_top * _effort.Oversampling) : _top);

    /// <summary>Does one piece.</summary>
    public void Run(int run)
    {
        (int first, int end) = (run * RowsAtOnce, Math.Min(_slice.Rows, (run + 1) * RowsAtOnce));
        _found.Add(_graph is not null ? Walk(_graph) : _lists is not null ? Probe(_lists) : _packed is not null ? ScanPacked(first, end) : _coded is not null ? ScanCodes(first, end) : Scan(first, end));
        GC.KeepAlive(_slice); // its file stays mapped while spans of it are read
    }

    /// <summary>The best of all pieces, by the catalog's rows.</summary>
    public IEnumerable<(long Row, float Score)> Best()
    {
        IEnumerable<(int Row, float Score)> found = _found.SelectMany(f => f);
        if (IsCoded)
        {
            (int Row, float Score)[] candidates = Of(found, Candidates).ToSorted();
            found = candidates.Select((c, i) => (c.Row, Exact(candidates, i)));
        }
        return Of(found, Math.Min(_top, _slice.Rows)).ToSorted().Select(f => (_slice.Part.Handles[f.Row], f.Score));
    }

    private (int Row, float Score)[] Walk(HnswGraph graph) => graph.Search(new SegmentScores(_coded!, _segment), Candidates, Math.Max(Candidates, _effort.Breadth), _allowed);

    /// <summary>Where few rows pass, most lists would have to be looked at, in no order of the rows: then a scan that passes over blocks without any is quicker.</summary>
    private InvertedLists? Worthwhile(InvertedLists? lists) =>
        lists is null || _allowed.Count() < WorthOfLists * (long)lists.Probes * lists.Rows / lists.Count ? null : lists;

    /// <summary>
    /// The nearest lists, as many as were measured to be enough. Where not all rows pass, more lists, until as many rows that pass have been met as those lists hold without a filter: the nearest of
    /// fewer rows are further away. With no more than that in all, every list is looked at, so that answers never come back short.
    /// </summary>
    private (int Row, float Score)[] Probe(InvertedLists lists)
    {
        TopRows best = new(Candidates);
        long wanted = Math.Min(_allowed.Count(), Math.Max(Candidates, (long)lists.Probes * lists.Rows / lists.Count));
        (int probed, long met) = (0, 0);
        foreach (int list in lists.Nearest(_query))
        {
            if (probed++ >= lists.Probes && met >= wanted)
            {
                break;
            }
            _cancellationToken.ThrowIfCancellationRequested();
            met += Look(lists, lists.BlocksOf(list), best);
        }
        return best.ToSorted();
    }

    /// <summary>Offers a list's allowed rows; their number.</summary>
    private int Look(InvertedLists lists, Range blocks, TopRows best)
    {
        int met = 0;
        ReadOnlySpan<int> lanes = lists.Lanes[(blocks.Start.Value * PackedLayout.BlockRows)..(blocks.End.Value * PackedLayout.BlockRows)];
        Span<int> rows = stackalloc int[PackedLayout.BlockRows];
        Span<float> scores = stackalloc float[PackedLayout.BlockRows];
        for (int block = blocks.Start.Value; lanes.Length > 0; block++, lanes = lanes[PackedLayout.BlockRows..])
        {
            int count = 0;
            foreach (int row in lanes[..PackedLayout.BlockRows])
            {
                rows[count] = row;
                count += row >= 0 && _allowed[row] ? 1 : 0;
            }
            met += count;
            if (count > 0 && _packed is not null)
            {
                _segment.Packed!.Scan(_packed, _segment.ListCodesFrom(block)[.._segment.Packed.BlockBytes], lanes[..PackedLayout.BlockRows], _allowed, best);
            }
            else if (count > 0)
            {
                new SegmentScores(_coded!, _segment).Score(rows[..count], scores);
                for (int i = 0; i < count; i++)
                {
                    best.Add(rows[i], scores[i]);
                }
            }
        }
        return met;
    }

    private (int Row, float Score)[] Scan(int first, int end)
    {
        TopRows best = new(Math.Min(_top, end - first));
        while (first < end)
        {
            ReadOnlySpan<float> block = _slice.Part.Vectors(first);
            int count = Math.Min(block.Length / _query.Length, end - first);
            ExactScan.Scan(_query.Span, block, count, first, _allowed, best);
            first += count;
        }
        return best.ToSorted();
    }

    private (int Row, float Score)[] ScanPacked(int first, int end)
    {
        TopRows best = new(Math.Min(Candidates, end - first));
        PackedLayout layout = _segment.Packed!;
        while (first < end)
        {
            ReadOnlySpan<byte> blocks = _segment.PackedFrom(first);
            int count = Math.Min(blocks.Length / layout.BlockBytes, PackedLayout.Blocks(end - first));
            layout.Scan(_packed!, blocks[..(count * layout.BlockBytes)], first, _allowed, best);
            first += count * PackedLayout.BlockRows;
        }
        return best.ToSorted();
    }

    private (int Row, float Score)[] ScanCodes(int first, int end)
    {
        TopRows best = new(Math.Min(Candidates, end - first));
        Span<float> scores = stackalloc float[CodesAtOnce];
        int codeBytes = _segment.Codec!.Codec.CodeBytes;
        for (int count; first < end; first += count)
        {
            ReadOnlySpan<byte> block = _segment.Codes(first);
            count = Math.Min(Math.Min(block.Length / codeBytes, end - first), CodesAtOnce);
            if (IsSparse(first, count))
            {
                ScoreAllowed(block, first, count, best);
                continue;
            }
            _coded!.Score(block[..(count * codeBytes)], scores[..count]);
            for (int i = 0; i < count; i++)
            {
                if (_allowed[first + i])
                {
                    best.Add(first + i, scores[i]);
                }
            }
        }
        return best.ToSorted();
    }

    /// <summary>Whether so few rows pass that they are scored one by one.</summary>
    private bool IsSparse(int first, int count)
    {
        const int enough = 4;
        int passing = 0;
        for (int row = first & ~31; row < first + count; row += PackedLayout.BlockRows)
        {
            passing += BitOperations.PopCount(_allowed.Word32(row));
        }
        return passing * enough < count;
    }

    private void ScoreAllowed(ReadOnlySpan<byte> block, int first, int count, TopRows best)
    {
        int codeBytes = _segment.Codec!.Codec.CodeBytes;
        for (int row = first; row < first + count; row++)
        {
            if (_allowed[row])
            {
                best.Add(row, _coded!.Score(block.Slice((row - first) * codeBytes, codeBytes)));
            }
        }
    }

    private float Exact((int Row, float Score)[] candidates, int at)
    {
        if (at + 1 < candidates.Length)
        {
            Prefetch.Lines(MemoryMarshal.AsBytes(_slice.Part.Vectors(candidates[at + 1].Row)[.._query.Length]));
        }
        return Kernels.Dot(_query.Span, _slice.Part.Vectors(candidates[at].Row)[.._query.Length]);
    }

    private static TopRows Of(IEnumerable<(int Row, float Score)> rows, int most)
    {
        TopRows best = new(most);
        foreach ((int row, float score) in rows)
        {
            best.Add(row, score);
        }
        return best;
    }

    /// <summary>Scores by the codes of a segment, which are on their way from memory while those before them are scored.</summary>
    private readonly struct SegmentScores(CodeQuery query, SegmentPart segment) : IGraphScores
    {
        private const int Ahead = 4;

        public void Score(ReadOnlySpan<int> rows, Span<float> scores)
        {
            for (int i = -Ahead; i < rows.Length; i++)
            {
                if (i + Ahead < rows.Length)
                {
                    Prefetch.Lines(segment.Code(rows[i + Ahead]));
                }
                if (i >= 0)
                {
                    scores[i] = query.Score(segment.Code(rows[i]));
                }
            }
        }
    }
}
