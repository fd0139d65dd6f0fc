using System.Diagnostics;
using System.Globalization;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Search;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>
/// Queries per core-second at a recall, and memory, of the graph over codes with rescoring against hnswlib over float32. Both take turns in one run; processor time of one thread, so that a busy
/// machine changes it little.
/// </summary>
internal static class GraphBenchmark
{
    private const int Seed = 1, PeerBreadth = 200, Oversampling = 4, Rounds = 9, WarmUp = 50;
    private const double Wanted = 0.98;
    private static readonly int[] Breadths = [10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 256, 384];

    public static int Run(int rows, int queries, string[] codecs, bool withPeer, CancellationToken cancellationToken)
    {
        VectorSet set = rows == 0 ? VectorSets.Real() : VectorSets.Clustered(rows, 384, cancellationToken);
        queries = Math.Min(queries, set.QueryCount);
        Recall recall = new(set, queries);
        using HnswlibPeer? peer = withPeer ? HnswlibPeer.Start(set, queries, recall.Exact, PeerBreadth) : null;
        TimeSpan began = Process.GetCurrentProcess().TotalProcessorTime;
        HnswGraph graph = Kept(set, cancellationToken);
        double building = (Process.GetCurrentProcess().TotalProcessorTime - began).TotalSeconds;
        Report.Head("The graph over codes against hnswlib", $"graph --rows {rows} --queries {queries} --over {string.Join(' ', codecs)}");
        Report.Note($"{set.Name}, {set.Count:n0} x {set.Dimensions}, {queries} queries, one thread, processor time; least breadth with recall@10 of {Wanted.ToString(CultureInfo.InvariantCulture)}; {Rounds} rounds in turns, medians.");
        Report.Columns("index", "breadth", "recall@10", "queries a core-second", "bytes a vector in memory", "beyond float32 vectors", "building, core-seconds", "ours / hnswlib");
        int peerBreadth = peer is null ? 0 : Breadths.FirstOrDefault(b => peer.Ask(b).Recall >= Wanted, Breadths[^1]);
        foreach (string spec in codecs)
        {
            Measure(set, graph, new Coded(set, spec, cancellationToken), recall, queries, building, peer, peerBreadth);
        }
        return 0;
    }

    /// <summary>Built once for these rows and kept in the cache folder; a change of the builder needs another name.</summary>
    private static HnswGraph Kept(VectorSet set, CancellationToken cancellationToken)
    {
        string file = VectorSets.InCache($"graph-v3-{set.Name.Replace(' ', '-')}-{set.Count}.graph");
        if (File.Exists(file))
        {
            return GraphFormat.Read(File.ReadAllBytes(file));
        }
        HnswGraph graph = GraphBuilder.Build(row => set.Row(row), set.Count, new GraphOptions(16, PeerBreadth / 2), null, cancellationToken);
        File.WriteAllBytes(file, GraphFormat.Write(graph));
        return graph;
    }

    private static void Measure(VectorSet set, HnswGraph graph, Coded coded, Recall recall, int queries, double building, HnswlibPeer? peer, int peerBreadth)
    {
        int breadth = Breadths.FirstOrDefault(b => Recall.Interval(recall.Of(Answers(set, graph, coded, queries, b).Found)).Mean >= Wanted, Breadths[^1]);
        List<double> ours = [], theirs = [];
        for (int round = 0; round < Rounds; round++)
        {
            theirs.Add(peer?.Ask(peerBreadth).Seconds ?? 0);
            ours.Add(Answers(set, graph, coded, queries, breadth).Seconds);
        }
        double links = graph.Bytes / (double)set.Count, own = set.Dimensions * sizeof(float);
        if (peer is not null)
        {
            (double recalled, _) = peer.Ask(peerBreadth);
            Report.Row($"hnswlib {peer.Version} over float32", peerBreadth, recalled, 1 / Timing.Median(theirs), peer.Bytes, peer.Bytes - own, peer.Building, "");
        }
        double bytes = links + (coded.Codec is null ? own : coded.Codec.CodeBytes + coded.Codec.SharedBytes / (double)set.Count);
        Report.Row($"ours over {coded.Name}", breadth, Recall.Print(recall.Of(Answers(set, graph, coded, queries, breadth).Found)), 1 / Timing.Median(ours), bytes, coded.Codec is null ? links : bytes, building,
            peer is null ? "" : Timing.Median([.. theirs.Zip(ours, (t, o) => t / o)]));
    }

    private static (int[][] Found, double Seconds) Answers(VectorSet set, HnswGraph graph, Coded coded, int queries, int breadth)
    {
        for (int q = 0; q < WarmUp; q++)
        {
            Search(set, graph, coded, q, breadth);
        }
        TimeSpan began = Process.GetCurrentProcess().TotalProcessorTime;
        int[][] found = new int[queries][];
        for (int q = 0; q < queries; q++)
        {
            found[q] = Search(set, graph, coded, q, breadth);
        }
        return (found, (Process.GetCurrentProcess().TotalProcessorTime - began).TotalSeconds / queries);
    }

    private static int[] Search(VectorSet set, HnswGraph graph, Coded coded, int query, int breadth)
    {
        ReadOnlyMemory<float> asked = set.Queries.AsMemory(query * set.Dimensions, set.Dimensions);
        if (coded.Codec is not { CodeBytes: var bytes } codec)
        {
            return [.. graph.Search(new VectorScores(asked, row => set.Row(row)), Recall.Top, breadth, null).Select(f => f.Row)];
        }
        byte[] codes = coded.Codes;
        (int Row, float Score)[] candidates = graph.Search(new CodeScores(codec.QuickQuery(asked.Span), row => codes.AsSpan(row * bytes, bytes)), Oversampling * Recall.Top, breadth, null);
        return [.. Rescoring.Rescore(candidates, Recall.Top, row => Kernels.Dot(asked.Span, set.Row(row))).Select(b => b.Row)];
    }

    private sealed class Coded
    {
        public Coded(VectorSet set, string spec, CancellationToken cancellationToken)
        {
            Name = spec == "none" ? "float32" : spec;
            Codec = spec == "none" ? null : CodecSpec.Parse(spec).Train(new CodecTraining(set.Rows, set.Dimensions, Seed), cancellationToken);
            Codes = new byte[(long)set.Count * (Codec?.CodeBytes ?? 0)];
            Codec?.Encode(set.Rows.AsMemory(), Codes.AsMemory(), cancellationToken);
        }

        public string Name { get; }

        public Codec? Codec { get; }

        public byte[] Codes { get; }
    }
}
