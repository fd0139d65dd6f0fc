using System.Diagnostics;
using System.Text.Json;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Search;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Recall, bytes and times of codecs on the vectors of real texts, at equal total bytes with FAISS's OPQ.</summary>
internal static class CodecBenchmark
{
    private const int Seed = 1, Candidates = 4 * Recall.Top, EncodedRows = 5_000;
    private static readonly int[] OpqBytes = [48, 96, 192];

    public static int Run(string[] specs, int queries, int skip, CancellationToken cancellationToken)
    {
        VectorSet all = VectorSets.Real(), set = all with { Queries = all.Queries[(skip * all.Dimensions)..(queries * all.Dimensions)] };
        queries -= skip;
        Recall recall = new(set, queries);
        Report.Head("Codecs at equal total bytes", $"codecs --queries {queries + skip} --skip {skip}");
        Report.Note($"{set.Count:n0} vectors of {set.Dimensions} dimensions ({set.Name}), {queries} queries of the same kind; codebooks, rotations and factors counted at that number. Seconds are of the processor, one thread; training may use all cores.");
        Report.Columns("codec", "code bytes", "total bytes a vector", "of float32", "recall@10", "with 4x rescoring", "better than OPQ by", "training, s", "encoding, µs a vector", "query, ms");
        foreach (int bytes in specs.Length > 0 ? [] : OpqBytes)
        {
            AgainstOpq(set, recall, (queries, skip), bytes, cancellationToken);
        }
        foreach (string spec in specs)
        {
            Measure(CodecSpec.Parse(spec), set, recall, queries, null, cancellationToken);
        }
        return 0;
    }

    private static void AgainstOpq(VectorSet set, Recall recall, (int Count, int Skip) queries, int bytes, CancellationToken cancellationToken)
    {
        (int[][] found, JsonElement figures) = Peers.Opq(VectorSets.Real(), bytes, cancellationToken);
        found = found[queries.Skip..(queries.Skip + queries.Count)];
        double[] own = recall.Of(found);
        double total = figures.GetProperty("bytes").GetDouble();
        Report.Row($"FAISS {figures.GetProperty("version")} OPQ{bytes}", bytes, total, total / (4 * set.Dimensions), Recall.Print(own), Recall.Print(recall.Of(found, Candidates)), "", figures.GetProperty("training").GetDouble(),
            1e6 * figures.GetProperty("encoding").GetDouble(), 1e3 * figures.GetProperty("searching").GetDouble());
        foreach (string kind in new[] { "pca", "pca4", "opq+", "repconc", "opq", "rabitq" })
        {
            CodecSpec spec = kind is "opq+" or "repconc" or "opq" ? new CodecSpec(kind, bytes) : Largest(kind, set, total, cancellationToken);
            Measure(spec, set, recall, queries.Count, own, cancellationToken);
        }
    }

    /// <summary>The most code bytes with which code and share of what is common to all are no more than this.</summary>
    private static CodecSpec Largest(string kind, VectorSet set, double total, CancellationToken cancellationToken)
    {
        int bytes = Math.Min((int)total, kind == "pca4" ? set.Dimensions / 2 : set.Dimensions);
        CodecTraining few = new(set.Rows.AsMemory(0, 4_000 * set.Dimensions), set.Dimensions, Seed);
        for (; ; bytes--)
        {
            Codec codec = new CodecSpec(kind, bytes).Train(few, cancellationToken);
            if (codec.CodeBytes + codec.SharedBytes / (double)set.Count <= total)
            {
                return new CodecSpec(kind, bytes);
            }
        }
    }

    private static void Measure(CodecSpec spec, VectorSet set, Recall recall, int queries, double[]? against, CancellationToken cancellationToken)
    {
        TimeSpan began = Environment.CpuUsage.TotalTime;
        Codec codec = spec.Train(new CodecTraining(set.Rows, set.Dimensions, Seed), cancellationToken);
        double training = (Environment.CpuUsage.TotalTime - began).TotalSeconds;
        byte[] codes = new byte[(long)set.Count * codec.CodeBytes];
        codec.Encode(set.Rows.AsMemory(), codes.AsMemory(), cancellationToken);
        began = Environment.CpuUsage.TotalTime;
        codec.Encode(set.Rows.AsSpan(0, EncodedRows * set.Dimensions), new byte[EncodedRows * codec.CodeBytes]);
        double encoding = (Environment.CpuUsage.TotalTime - began).TotalMicroseconds / EncodedRows;
        began = Environment.CpuUsage.TotalTime;
        int[][] found = [.. Enumerable.Range(0, queries).Select(q => Search(codec, codes, set.Query(q)))];
        double query = (Environment.CpuUsage.TotalTime - began).TotalMilliseconds / queries;
        double total = codec.CodeBytes + codec.SharedBytes / (double)set.Count;
        double[] own = recall.Of(found);
        string better = against is null ? "" : Recall.Print([.. own.Zip(against, (a, b) => a - b)]);
        Report.Row(spec, codec.CodeBytes, total, total / (4 * set.Dimensions), Recall.Print(own), Recall.Print(recall.Of(found, Candidates)), better, training, encoding, query);
    }

    private static int[] Search(Codec codec, byte[] codes, ReadOnlySpan<float> query)
    {
        TopRows best = new(Candidates);
        CodeScan.Scan(codec.Query(query), codes, codec.CodeBytes, 0, Rows.All(codes.Length / codec.CodeBytes), best);
        return [.. best.ToSorted().Select(r => r.Row)];
    }

    /// <summary>Training on 100,000 clustered vectors, all cores, as a user waits for it.</summary>
    public static int Train(string[] specs, CancellationToken cancellationToken)
    {
        VectorSet set = VectorSets.Clustered(100_000, 384, cancellationToken);
        Report.Head("Training on 100,000 x 384", "train");
        Report.Columns("codec", "wall, s", "processor, s");
        foreach (string spec in specs)
        {
            (TimeSpan processor, long wall) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            CodecSpec.Parse(spec).Train(new CodecTraining(set.Rows, set.Dimensions, Seed, new Bar(spec)), cancellationToken);
            Report.Row(spec, Stopwatch.GetElapsedTime(wall).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }
        return 0;
    }

    private sealed class Bar(string name) : IProgress<double>
    {
        public void Report(double value) => Console.Error.Write($"\r{name} {value:0%} ");
    }
}
