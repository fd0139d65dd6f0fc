using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Search;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Scans on one core: exact against the memory, 4-bit against FAISS and sqlite-vec.</summary>
internal static class ScanBenchmark
{
    private const int Dimensions = 384, Rounds = 15, WarmUp = 30, Seed = 1, Oversampling = 4;

    public static int Run(int rows, int queries, string? sqliteVec, CancellationToken cancellationToken)
    {
        Report.Head("Scans on one core", $"scan --rows {rows} --queries {queries}{(sqliteVec is null ? "" : " --sqlite-vec vec0.so")}");
        Exact(rows, cancellationToken);
        FourBits(queries, sqliteVec, cancellationToken);
        return 0;
    }

    /// <summary>Reading all bytes and doing next to nothing, and the scan, in turns.</summary>
    private static void Exact(int rows, CancellationToken cancellationToken)
    {
        VectorSet set = VectorSets.Clustered(rows, Dimensions, cancellationToken);
        RowBitmap all = Rows.All(rows);
        List<double> reads = [], scans = [];
        for (int round = 0; round < Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            Read(set.Rows);
            reads.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            began = Stopwatch.GetTimestamp();
            ExactScan.Scan(set.Query(round), set.Rows, rows, 0, all, new TopRows(10));
            scans.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        double gigabytes = set.Rows.Length * 4e-9;
        Report.Columns("vectors", "reading memory, GB/s", "exact scan, GB/s", "scan / memory");
        Report.Row($"{rows:n0} x {Dimensions}, clustered", gigabytes / Timing.Median(reads), gigabytes / Timing.Median(scans), Timing.Median([.. reads.Zip(scans, (r, s) => r / s)]));
    }

    /// <summary>The sum of four streams' bits: one addition a register, so that only memory is waited for.</summary>
    private static ulong Read(float[] numbers)
    {
        ReadOnlySpan<Vector512<ulong>> all = MemoryMarshal.Cast<float, Vector512<ulong>>(numbers);
        Vector512<ulong> a = Vector512<ulong>.Zero, b = a, c = a, d = a;
        for (int i = 0; i + 4 <= all.Length; i += 4)
        {
            (a, b, c, d) = (a ^ all[i], b ^ all[i + 1], c ^ all[i + 2], d ^ all[i + 3]);
        }
        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    private static void FourBits(int queries, string? sqliteVec, CancellationToken cancellationToken)
    {
        VectorSet set = VectorSets.Real();
        Recall recall = new(set, queries);
        string exact = VectorSets.InCache("exact.i32");
        File.WriteAllBytes(exact, MemoryMarshal.AsBytes(recall.Exact.SelectMany(e => e).ToArray().AsSpan()).ToArray());
        JsonElement peers = Peers.Scans(set, queries, sqliteVec, exact, cancellationToken);
        Report.Note($"\n{set.Count:n0} vectors of real texts; FAISS {peers.GetProperty("faiss")} ({peers.GetProperty("options")}){(sqliteVec is null ? "" : $", sqlite-vec {peers.GetProperty("sqlite-vec")}")}. The processor's time a query, the query's tables included.");
        Report.Columns("scan", "bytes a vector", "recall@10", "ms a query");
        foreach (JsonProperty peer in peers.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
        {
            Report.Row(peer.Name, "", peer.Value.GetProperty("recall").GetDouble(), 1e3 * peer.Value.GetProperty("seconds").GetDouble());
        }
        foreach (int bytes in new[] { 24, 32, 48, 96 })
        {
            Packed(new CodecSpec("pca4", bytes), set, recall, queries, cancellationToken);
        }
        Packed(new CodecSpec("pq4", 48), set, recall, queries, cancellationToken);
    }

    private static void Packed(CodecSpec spec, VectorSet set, Recall recall, int queries, CancellationToken cancellationToken)
    {
        Codec codec = spec.Train(new CodecTraining(set.Rows, set.Dimensions, Seed), cancellationToken);
        byte[] codes = new byte[set.Count * codec.CodeBytes];
        codec.Encode(set.Rows.AsMemory(), codes.AsMemory(), cancellationToken);
        PackedCodes packed = new(codec);
        packed.Add(codes);
        foreach (bool rescored in new[] { false, true })
        {
            _ = Enumerable.Range(0, WarmUp).Sum(q => Search(packed, set, q, rescored).Length);
            TimeSpan began = Environment.CpuUsage.TotalTime;
            int[][] found = [.. Enumerable.Range(0, queries).Select(q => Search(packed, set, q, rescored))];
            double each = (Environment.CpuUsage.TotalTime - began).TotalMilliseconds / queries;
            Report.Row(spec + (rescored ? ", 4x rescored" : ""), packed.BytesARow, Recall.Print(recall.Of(found)), each);
        }
    }

    private static int[] Search(PackedCodes packed, VectorSet set, int query, bool rescored)
    {
        TopRows best = new(rescored ? Oversampling * Recall.Top : Recall.Top);
        packed.Scan(packed.Query(set.Query(query)), 0, (packed.Count + PackedLayout.BlockRows - 1) / PackedLayout.BlockRows, Rows.All(packed.Count), best);
        float[] own = set.Query(query).ToArray();
        (int Row, float Score)[] found = rescored ? Rescoring.Rescore(best.ToSorted(), Recall.Top, row => Kernels.Dot(own, set.Row(row))) : best.ToSorted();
        return [.. found.Select(f => f.Row)];
    }
}
