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
        Extend(new HnswGraph(options, [], [], [], HnswGraph.None), rows, count, progress, cancellationToken);

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

    /// <summary>Layer of a row: geometric with 1 / links, from a hash of seed and row, so that it does not depend on what came before.</summary>
    private static byte Level(int row, GraphOptions options)
    {
        ulong x = (ulong)(uint)options.Seed << 32 | (uint)row; // SplitMix64 (Steele et al., OOPSLA 2014)
        x = (x + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        double uniform = ((x ^ x >> 31) >> 11) * (1.0 / (1UL << 53));
        return (byte)Math.Min(MostLevels, (int)(-Math.Log(1 - uniform) / Math.Log(options.Links)));
    }

    /// <summary>A graph while it grows: arrays with room for every row, of which the rows before the batch are searched.</summary>
    private sealed class Growth
    {
        private readonly RowReader _rows;
        private readonly GraphOptions _options;

        public Growth(HnswGraph old, RowReader rows, int count)
        {
            (_rows, _options) = (rows, old.Options);
            byte[] levels = new byte[count];
            int[] ground = new int[count * 2 * _options.Links];
            old.Levels.CopyTo(levels, 0);
            old.Ground.CopyTo(ground, 0);
            ground.AsSpan(old.Ground.Length).Fill(HnswGraph.None);
            Dictionary<int, int[]> upper = old.Upper.ToDictionary(u => u.Key, u => (int[])u.Value.Clone());
            for (int row = old.Rows; row < count; row++)
            {
                levels[row] = Level(row, _options);
                if (levels[row] > 0)
                {
                    int[] links = new int[levels[row] * _options.Links];
                    Array.Fill(links, HnswGraph.None);
                    upper[row] = links;
                }
            }
            Graph = new HnswGraph(_options, levels, ground, upper, old.Entry);
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
                entry = Graph.Levels[first + i] > Graph.Levels[entry] ? first + i : entry;
            }
            List<IGrouping<(int Layer, int Target), int>> targets = [.. back.GroupBy(b => (b.Layer, b.Target), b => b.From)];
            Parallel.For(0, targets.Count, parallel, i => Link(targets[i].Key.Target, targets[i].Key.Layer, targets[i]));
            Graph = new HnswGraph(_options, Graph.Levels, Graph.Ground, Graph.Upper, entry);
        }

        /// <summary>A new row's neighbours in every layer that it is in and that there is.</summary>
        private int[][] Choose(int row, int known)
        {
            VectorScores scores = new(_rows(row).ToArray(), _rows);
            int highest = Math.Min(Graph.Levels[row], Graph.Levels[Graph.Entry]);
            long[] at = [Graph.Descend(scores, highest)];
            int[][] chosen = new int[highest + 1][];
            for (int layer = highest; layer >= 0; layer--)
            {
                at = Graph.WalkLayer(scores, at, _options.Breadth, layer, null, known);
                chosen[layer] = Spread(at, Most(layer) / (layer == 0 ? 2 : 1));
            }
            return chosen;
        }

        private void Link(int target, int layer, IEnumerable<int> from)
        {
            Span<int> places = Places(target, layer);
            List<int> all = [.. Graph.Neighbours(target, layer), .. from];
            if (all.Count > places.Length)
            {
                float[] scores = new float[all.Count];
                new VectorScores(_rows(target).ToArray(), _rows).Score(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all), scores);
                long[] items = [.. all.Select((row, i) => ScoreHeap.Pack(scores[i], row))];
                Array.Sort(items, (a, b) => b.CompareTo(a));
                all = [.. Spread(items, places.Length)];
                places.Fill(HnswGraph.None);
            }
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all).CopyTo(places);
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

        private int Most(int layer) => layer == 0 ? 2 * _options.Links : _options.Links;

        private Span<int> Places(int row, int layer) => layer == 0 ? Graph.Ground.AsSpan(row * Most(0), Most(0)) : Graph.Upper[row].AsSpan((layer - 1) * _options.Links, _options.Links);
    }
}
