using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>A call of the index with many queries against as many calls, in turns; the answers are compared bit for bit.</summary>
internal static class BatchBenchmark
{
    private const int Rounds = 7, Rows = 50_000, Top = 10;
    private static readonly SearchEffort Effort = new(4, 128);

    public static int Run(int queries, CancellationToken cancellationToken)
    {
        VectorSet set = VectorSets.Clustered(Rows, 384, cancellationToken);
        Report.Head("Many queries in one call of the index", $"batch --queries {queries}");
        Report.Note($"{Rows:n0} clustered vectors of 384 dimensions in one file, all cores; median of {Rounds} pairs.");
        Report.Columns("index", "queries a call", "one after another, ms a query", "one call, ms a query", "times as fast");
        foreach (string? codec in (string?[])[null, "int8", "pca4:48"])
        {
            string folder = Directory.CreateTempSubdirectory("retrieval-batch-").FullName;
            IndexSnapshot snapshot = Open(set, codec, folder, cancellationToken);
            foreach (int count in (int[])[4, 16, 64])
            {
                Pair(set, snapshot, codec ?? "vectors", Math.Min(count, queries), cancellationToken);
            }
            Directory.Delete(folder, true);
        }
        return 0;
    }

    private static IndexSnapshot Open(VectorSet set, string? codec, string folder, CancellationToken cancellationToken)
    {
        IndexOptions options = new() { SealRows = Rows, CodecRows = 1000, GraphRows = int.MaxValue / 2 };
        SegmentTools tools = new(SegmentTools.CreateFile, new RowSource(_ => new Dictionary<long, float[]>(), NullLogger.Instance), NullLogger.Instance);
        CollectionStore store = CollectionStore.Open(new CollectionRow(1, "c", "model", "space", 384, new ChunkingSettings(), Rows, codec), folder, options, tools);
        store.Index.Apply([.. Enumerable.Range(0, Rows).Select(i => new DocumentChange(i + 1, i + 1, $"d{i}", null, [(i + 1L, set.Row(i).ToArray())]))]);
        store.TrainAsync(new LocalCodecTrainer(), cancellationToken).GetAwaiter().GetResult();
        store.Maintain(1, cancellationToken);
        return store.Index.Snapshot;
    }

    private static void Pair(VectorSet set, IndexSnapshot snapshot, string name, int count, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<float>[] queries = [.. Enumerable.Range(0, count).Select(q => (ReadOnlyMemory<float>)set.Query(q).ToArray())];
        List<double> alone = [], together = [];
        for (int round = 0; round < Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            IReadOnlyList<(long, float)>[] one = [.. queries.Select(q => snapshot.Search(q, Top, null, Effort, cancellationToken))];
            alone.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds / count);
            began = Stopwatch.GetTimestamp();
            IReadOnlyList<IReadOnlyList<(long, float)>> all = snapshot.Search(queries, Top, null, Effort, cancellationToken);
            together.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds / count);
            if (!one.Zip(all).All(p => p.First.SequenceEqual(p.Second)))
            {
                throw new InvalidOperationException($"{name}: a batch of {count} gave other answers than its queries.");
            }
        }
        Report.Row(name, count, Timing.Median(alone), Timing.Median(together), Timing.Median([.. alone.Zip(together, (a, b) => a / b)]));
    }
}
