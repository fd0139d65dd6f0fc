using System.Diagnostics;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Recall, bytes and times of codecs on the same vectors.</summary>
internal static class CodecBenchmark
{
    private const int Seed = 1, Oversampling = 4;

    public static int Run(string[] specs, int queries, CancellationToken cancellationToken)
    {
        VectorSet set = VectorSets.Real();
        Recall recall = new(set, queries);
        Report.Columns("codec", "code bytes", "total bytes a vector", "recall@10", "with 4x rescoring", "training, s", "encoding, µs a vector and core", "query, ms");
        foreach (string spec in specs)
        {
            Measure(CodecSpec.Parse(spec), set, recall, queries, cancellationToken);
        }
        return 0;
    }

    private static void Measure(CodecSpec spec, VectorSet set, Recall recall, int queries, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        Codec codec = spec.Train(new CodecTraining(set.Rows, set.Dimensions, Seed), cancellationToken);
        double training = Stopwatch.GetElapsedTime(began).TotalSeconds;
        byte[] codes = new byte[(long)set.Count * codec.CodeBytes];
        began = Stopwatch.GetTimestamp();
        codec.Encode(set.Rows.AsSpan(), codes);
        double encoding = Stopwatch.GetElapsedTime(began).TotalMicroseconds / set.Count;
        began = Stopwatch.GetTimestamp();
        int[][] found = [.. Enumerable.Range(0, queries).Select(q => Search(codec, codes, set.Query(q), Oversampling * Recall.Top))];
        double query = Stopwatch.GetElapsedTime(began).TotalMilliseconds / queries;
        double total = codec.CodeBytes + codec.SharedBytes / (double)set.Count;
        Report.Row(spec, codec.CodeBytes, total, Recall.Print(recall.Of(found)), Recall.Print(recall.Of(found, Oversampling * Recall.Top)), training, encoding, query);
    }

    private static int[] Search(Codec codec, byte[] codes, ReadOnlySpan<float> query, int top)
    {
        float[] scores = new float[codes.Length / codec.CodeBytes];
        codec.Query(query).Score(codes, scores);
        TopRows best = new(top);
        for (int i = 0; i < scores.Length; i++)
        {
            best.Add(i, scores[i]);
        }
        return [.. best.ToSorted().Select(r => r.Row)];
    }
}
