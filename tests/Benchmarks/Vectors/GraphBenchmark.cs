using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Tests.Data;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Queries per core-second at a recall, and memory, of the graph over codes with rescoring against hnswlib over float32. Processor time of one thread, so that a busy machine changes it little.</summary>
internal static class GraphBenchmark
{
    private const int Seed = 1, PeerBreadth = 200;
    private const double Wanted = 0.98;
    private static readonly int[] Breadths = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384];

    public static async Task<int> RunAsync(int rows, int queries, string[] codecs, bool peer, CancellationToken cancellationToken)
    {
        VectorSet set = rows == 0 ? VectorSets.Real() : VectorSets.Clustered(rows, 384, cancellationToken);
        queries = Math.Min(queries, set.QueryCount);
        Recall recall = new(set, queries);
        Report.Note($"{set.Name}, {set.Count:n0} x {set.Dimensions}, {queries} queries, one thread, processor time; least breadth with recall@10 of {Wanted.ToString(CultureInfo.InvariantCulture)}.");
        Report.Columns("index", "breadth", "recall@10", "queries a core-second", "bytes a vector in memory", "of them links", "building, core-seconds");
        if (peer)
        {
            await PeerAsync(set, queries, cancellationToken);
        }
        TimeSpan began = Process.GetCurrentProcess().TotalProcessorTime;
        HnswGraph graph = GraphBuilder.Build(row => set.Row(row), set.Count, new GraphOptions(16, PeerBreadth / 2), null, cancellationToken);
        double building = (Process.GetCurrentProcess().TotalProcessorTime - began).TotalSeconds;
        foreach (string spec in codecs)
        {
            Measure(set, graph, spec, recall, queries, building, cancellationToken);
        }
        return 0;
    }

    private static void Measure(VectorSet set, HnswGraph graph, string spec, Recall recall, int queries, double building, CancellationToken cancellationToken)
    {
        Codec? codec = spec == "none" ? null : CodecSpec.Parse(spec).Train(new CodecTraining(set.Rows, set.Dimensions, Seed), cancellationToken);
        byte[] codes = new byte[(long)set.Count * (codec?.CodeBytes ?? 0)];
        codec?.Encode(set.Rows.AsMemory(), codes.AsMemory(), cancellationToken);
        double links = graph.Bytes / (double)set.Count, memory = codec is null ? links + set.Dimensions * sizeof(float) : links + codec.CodeBytes + codec.SharedBytes / (double)set.Count;
        foreach (int breadth in Breadths)
        {
            for (int q = 0; q < 20; q++)
            {
                Search(set, graph, codec, codes, q, breadth);
            }
            TimeSpan began = Process.GetCurrentProcess().TotalProcessorTime;
            int[][] found = new int[queries][];
            for (int q = 0; q < queries; q++)
            {
                found[q] = Search(set, graph, codec, codes, q, breadth);
            }
            double seconds = (Process.GetCurrentProcess().TotalProcessorTime - began).TotalSeconds / queries, mean = Recall.Interval(recall.Of(found)).Mean;
            if (mean >= Wanted || breadth == Breadths[^1])
            {
                Report.Row($"ours over {(codec is null ? "float32" : spec)}", breadth, Recall.Print(recall.Of(found)), 1 / seconds, memory, links, building);
                return;
            }
        }
    }

    private static int[] Search(VectorSet set, HnswGraph graph, Codec? codec, byte[] codes, int query, int breadth)
    {
        ReadOnlyMemory<float> asked = set.Queries.AsMemory(query * set.Dimensions, set.Dimensions);
        if (codec is null)
        {
            return [.. graph.Search(new VectorScores(asked, row => set.Row(row)), Recall.Top, breadth, null).Select(f => f.Row)];
        }
        int bytes = codec.CodeBytes;
        TopRows best = new(Recall.Top);
        foreach ((int row, _) in graph.Search(new CodeScores(codec.Query(asked.Span), row => codes.AsSpan(row * bytes, bytes)), breadth, breadth, null))
        {
            best.Add(row, Kernels.Dot(asked.Span, set.Row(row)));
        }
        return [.. best.ToSorted().Select(b => b.Row)];
    }

    private static async Task PeerAsync(VectorSet set, int queries, CancellationToken cancellationToken)
    {
        string file = VectorSets.InCache($"graph-{set.Count}.f32");
        await using (FileStream stream = File.Create(file))
        {
            stream.Write(MemoryMarshal.AsBytes(set.Rows.AsSpan()));
            stream.Write(MemoryMarshal.AsBytes(set.Queries.AsSpan(0, queries * set.Dimensions)));
        }
        string script = TestData.InRepository("tests", "Benchmarks", "Vectors", "hnswlib_peer.py");
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script, file, $"{set.Dimensions}", $"{queries}", "16", $"{PeerBreadth}", .. Breadths.Select(b => $"{b}")]) { RedirectStandardOutput = true })!;
        bool printed = false;
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            JsonElement row = JsonElement.Parse(line);
            if (!printed && (row.GetProperty("recall").GetDouble() >= Wanted || row.GetProperty("ef").GetInt32() == Breadths[^1]))
            {
                printed = true;
                double bytes = row.GetProperty("bytes").GetDouble();
                Report.Row("hnswlib over float32", row.GetProperty("ef").GetInt32(), row.GetProperty("recall").GetDouble(), 1 / row.GetProperty("seconds").GetDouble(), bytes, bytes - set.Dimensions * sizeof(float), row.GetProperty("building").GetDouble());
            }
        }
        await process.WaitForExitAsync(cancellationToken);
        File.Delete(file);
    }
}
