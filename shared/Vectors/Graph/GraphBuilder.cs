using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Graph;

/// <summary>
/// Builds a graph on every core and the same one every time: rows come in batches that double, each row of a batch looks for its neighbours in the graph before the batch, then the links are
/// added target by target in a fixed order (prefix doubling, after Manohar et al., ParlayANN, arXiv 2305.04359). Nothing waits for a lock, and nothing depends on who came first.
/// </summary>
public static class GraphBuilder
{
    // A row does not see those of its own batch: small batches lose little recall, large ones use more cores.
    private const double BatchShare = 0.02;
    private const int SmallestBatch = 8, MostLevels = 12;

    /// <summary>A graph over rows 0 to <paramref name="count"/> - 1.</summary>
    public static HnswGraph Build(RowReader rows, int count, GraphOptions options, IProgress<double>? progress, CancellationToken cancellationToken) =>
        Extend(new HnswGraph(new GraphLayout(options, 0, 0, 0).Create([])), rows, count, progress, cancellationToken);

    /// <summary>A graph with more rows behind those that it has; the old one stays as it is.</summary>
    public static HnswGraph Extend(HnswGraph graph, RowReader rows, int count, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, graph.Rows);
        Growth growth = new(graph, rows, count);
        for (int done = graph.Rows; done < count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int batch = Math.Min(count - done, Math.Max(Math.Min(SmallestBatch, Math.Max(1, done)), (int)(done * BatchShare)));
            growth.Add(done, batch, cancellationToken);
            done += batch;
            progress?.Report((double)done / count);
        }
        return growth.Graph;
    }

    /// <summary>A graph without some of its rows, the others counted anew. A row that had a link to one of them gets the best of its neighbours instead (as in FreshDiskANN, arXiv 2105.09613).</summary>
    /// <param name="graph">Stays as it is.</param>
    /// <param name="kept">Rows to keep.</param>
    /// <param name="rows">Vectors by their new numbers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static HnswGraph Keep(HnswGraph graph, RowBitmap kept, RowReader rows, CancellationToken cancellationToken)
    {
        int count = kept.Count();
        return count == graph.Rows ? graph : count == 0 ? new HnswGraph(new GraphLayout(graph.Options, 0, 0, 0).Create([])) : new Growth(graph, kept, rows, cancellationToken).Graph;
    }

    /// <summary>Layer of a row: geometric with 1 / links, from a hash of seed and row, so that it does not depend on what came before.</summary>
    private static byte Level(int row, GraphOptions options)
    {
        ulong x = (ulong)(uint)options.Seed << 32 | (uint)row; // SplitMix64 (Steele et al., OOPSLA 2014)
        x = (x + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        double uniform = ((x ^ x >> 31) >> 11) * (1.0 / (1UL << 53));
        return (byte)Math.Min(MostLevels, (int)(-Math.Log(1 - uniform) / Math.Log(options.Links)));
    }

    /// <summary>A graph while it grows: bytes with room for every row, of which the rows before the batch are searched.</summary>
    private sealed class Growth
    {
        private readonly RowReader _rows;
        private readonly GraphLayout _layout;
        private readonly byte[] _image;

        private Growth(GraphOptions options, byte[] levels, RowReader rows)
        {
            _rows = rows;
            _layout = new GraphLayout(options, levels.Length, levels.Count(level => level > 0), levels.Sum(level => level) * options.Links);
            _image = _layout.Create(levels);
            Graph = new HnswGraph(_image);
        }

        public Growth(HnswGraph old, RowReader rows, int count)
            : this(old.Options, [.. Enumerable.Range(0, count).Select(row => row < old.Rows ? (byte)old.Level(row) : Level(row, old.Options))], rows)
        {
            for (int row = 0; row < old.Rows; row++)
            {
                for (int layer = 0; layer <= old.Level(row); layer++)
                {
                    old.Neighbours(row, layer).CopyTo(Places(row, layer));
                }
            }
            Enter(old.Entry);
        }

        public Growth(HnswGraph old, RowBitmap kept, RowReader rows, CancellationToken cancellationToken) : this(old.Options, [.. Enumerable.Range(0, old.Rows).Where(row => kept[row]).Select(row => (byte)old.Level(row))], rows)
        {
            int[] before = [.. Enumerable.Range(0, old.Rows).Where(row => kept[row])], now = new int[old.Rows];
            Array.Fill(now, HnswGraph.None);
            for (int row = 0; row < before.Length; row++)
            {
                now[before[row]] = row;
            }
            Parallel.For(0, before.Length, new ParallelOptions { CancellationToken = cancellationToken }, row =>
            {
                for (int layer = 0; layer <= old.Level(before[row]); layer++)
                {
                    Repair(row, layer, old, before[row], now);
                }
            });
            Enter(kept[old.Entry] ? now[old.Entry] : Enumerable.Range(0, before.Length).MaxBy(row => old.Level(before[row])));
        }

        public HnswGraph Graph { get; private set; }

        public void Add(int first, int count, CancellationToken cancellationToken)
        {
            ParallelOptions parallel = new() { CancellationToken = cancellationToken };
            int[][][] chosen = new int[count][][]; // by new row and layer
            Parallel.For(0, count, parallel, i => chosen[i] = Graph.Entry == HnswGraph.None ? [] : Choose(first + i, first));
            List<(int Layer, int Target, int From)> back = [];
            int entry = Graph.Entry == HnswGraph.None ? first : Graph.Entry;
            for (int i = 0; i < count; i++)
            {
                for (int layer = 0; layer < chosen[i].Length; layer++)
                {
                    chosen[i][layer].CopyTo(Places(first + i, layer));
                    back.AddRange(chosen[i][layer].Select(target => (layer, target, first + i)));
                }
                entry = Graph.Level(first + i) > Graph.Level(entry) ? first + i : entry;
            }
            List<IGrouping<(int Layer, int Target), int>> targets = [.. back.GroupBy(b => (b.Layer, b.Target), b => b.From)];
            Parallel.For(0, targets.Count, parallel, i => Link(targets[i].Key.Target, targets[i].Key.Layer, targets[i]));
            Enter(entry);
        }

        private void Enter(int entry)
        {
            GraphLayout.SetEntry(_image, entry);
            Graph = new HnswGraph(_image);
        }

        private void Repair(int row, int layer, HnswGraph old, int before, int[] now)
        {
            List<int> links = [];
            bool lost = false;
            foreach (int neighbour in old.Neighbours(before, layer))
            {
                lost |= now[neighbour] == HnswGraph.None;
                links.AddRange(now[neighbour] == HnswGraph.None ? old.Neighbours(neighbour, layer) : [neighbour]);
            }
            Fill(row, layer, [.. links.Select(link => now[link]).Where(link => link != HnswGraph.None && link != row).Distinct()], lost);
        }

        /// <summary>A new row's neighbours in every layer that it is in and that there is.</summary>
        private int[][] Choose(int row, int known)
        {
            VectorScores scores = new(_rows(row).ToArray(), _rows);
            int highest = Math.Min(Graph.Level(row), Graph.Level(Graph.Entry));
            long[] at = [Graph.Descend(scores, highest)];
            int[][] chosen = new int[highest + 1][];
            for (int layer = highest; layer >= 0; layer--)
            {
                at = Graph.WalkLayer(scores, at, _layout.Options.Breadth, layer, null, known);
                chosen[layer] = Spread(at, Most(layer) / (layer == 0 ? 2 : 1));
            }
            return chosen;
        }

        private void Link(int target, int layer, IEnumerable<int> from)
        {
            List<int> all = [.. Graph.Neighbours(target, layer), .. from];
            Fill(target, layer, all, all.Count > Most(layer));
        }

        private void Fill(int row, int layer, List<int> links, bool choose)
        {
            Span<int> places = Places(row, layer);
            if (choose)
            {
                float[] scores = new float[links.Count];
                new VectorScores(_rows(row).ToArray(), _rows).Score(CollectionsMarshal.AsSpan(links), scores);
                long[] items = [.. links.Select((link, i) => ScoreHeap.Pack(scores[i], link))];
                Array.Sort(items, (a, b) => b.CompareTo(a));
                links = [.. Spread(items, places.Length)];
                places.Fill(HnswGraph.None);
            }
            CollectionsMarshal.AsSpan(links).CopyTo(places);
        }

        /// <summary>Of candidates, best first, those that are nearer to the row than to one chosen before (algorithm 4 of the paper); then the best of the others, while there is room.</summary>
        private int[] Spread(ReadOnlySpan<long> candidates, int most)
        {
            List<int> chosen = new(most), others = [];
            foreach (long candidate in candidates)
            {
                int row = ScoreHeap.Row(candidate);
                (chosen.Count < most && IsNearest(row, ScoreHeap.Score(candidate), chosen) ? chosen : others).Add(row);
            }
            chosen.AddRange(others.Take(most - chosen.Count));
            return [.. chosen];
        }

        private bool IsNearest(int row, float score, List<int> chosen)
        {
            ReadOnlySpan<float> vector = _rows(row);
            foreach (int other in chosen)
            {
                if (Kernels.Dot(vector, _rows(other)) > score)
                {
                    return false;
                }
            }
            return true;
        }

        private int Most(int layer) => layer == 0 ? _layout.Most : _layout.Options.Links;

        private Span<int> Places(int row, int layer) => _layout.Places(_image.AsSpan(), row, layer);
    }
}
