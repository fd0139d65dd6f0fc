using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>
/// One collection in one segment file, searched as the product does: over every code, over inverted lists, over a graph, with filters of several widths. Processor time of all threads, so that
/// it is queries per core-second; recall against the exact search of the same snapshot.
/// </summary>
internal static class StructureBenchmark
{
    private const int Top = 10, ChunksADocument = 10, DocumentsAtOnce = 1000, Kinds = 1000, WarmUp = 10;
    private static readonly int[] Widths = [Kinds, Kinds / 10, Kinds / 100, 1];

    public static async Task<int> RunAsync(int rows, int queries, string[] codecs, string[] kinds, CancellationToken cancellationToken)
    {
        string folder = VectorSets.InCache($"structures-{Environment.ProcessId}");
        try
        {
            VectorSet set = rows == 0 ? VectorSets.Real() : VectorSets.Clustered(rows, 384, cancellationToken);
            Report.Head("Exact scan, codes, lists and graph in a segment", $"structures --rows {rows} --queries {queries} --codecs {string.Join(' ', codecs)} --kinds {string.Join(' ', kinds)}");
            Report.Note($"{set.Name}, {set.Count / ChunksADocument * ChunksADocument:n0} x {set.Dimensions} in documents of {ChunksADocument} chunks; {queries} queries; defaults of the product (4 candidates by code for each hit, breadth 128 in a graph, lists by measured recall).");
            CollectionStore store = Fill(set, folder, cancellationToken);
            Report.Columns("codec", "index", "share that passes", "recall@10", "queries a core-second", "building, core-seconds", "MB of codes and index");
            FilterPlan?[] filters = [.. Widths.Select(w => w == Kinds ? null : FilterReader.Read(Narrow(w)))];
            long[][][] exact = [.. filters.Select(f => Found(store, set, queries, f, exact: true).Rows)];
            foreach (string codec in codecs)
            {
                foreach (IndexKind kind in kinds.Select(k => Enum.Parse<IndexKind>(k, ignoreCase: true)))
                {
                    store.Want(codec, kind == IndexKind.Exact ? IndexKind.Auto : kind);
                    await store.TrainAsync(new LocalCodecTrainer(), cancellationToken);
                    TimeSpan began = Environment.CpuUsage.TotalTime;
                    if (!store.Maintain(1, cancellationToken))
                    {
                        throw new InvalidOperationException("The segment could not be written.");
                    }
                    double building = (Environment.CpuUsage.TotalTime - began).TotalSeconds;
                    for (int f = 0; f < filters.Length; f++)
                    {
                        Measure(store, set, queries, (codec, kind, Widths[f] / (double)Kinds), filters[f], exact[f], f == 0 ? building : null);
                    }
                }
            }
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static Filter Narrow(int width) => new() { Must = [new Condition { Key = "n", Range = new FieldRange { Lt = JsonSerializer.SerializeToElement(width) } }] };

    private static void Measure(CollectionStore store, VectorSet set, int queries, (string Codec, IndexKind Kind, double Share) what, FilterPlan? filter, long[][] exact, double? building)
    {
        (long[][] rows, double seconds) = Found(store, set, queries, filter, exact: what.Kind == IndexKind.Exact);
        double[] recall = [.. exact.Zip(rows, (e, r) => e.Length == 0 ? 1 : r.Intersect(e).Count() / (double)e.Length)];
        SegmentPart part = store.Index.Snapshot.Slices.Select(s => s.Part).OfType<SegmentPart>().Single();
        string index = what.Kind == IndexKind.Exact ? "exact" : part.Structure switch { Structure.Lists => $"lists, {part.Lists!.Probes} of {part.Lists.Count}", Structure.Graph => "graph", _ => part.Packed is null ? "codes" : "codes in registers" };
        double bytes = what.Kind == IndexKind.Exact ? 4.0 * set.Dimensions * set.Count : part.Structure switch
        {
            Structure.Lists => part.Lists!.Image.Length + (part.Packed is { } p ? (long)part.Lists.Blocks * p.BlockBytes : (long)part.Rows * part.Codec!.Codec.CodeBytes),
            Structure.Graph => part.Graph!.Bytes + (long)part.Rows * part.Codec!.Codec.CodeBytes,
            _ => part.Packed is { } p ? (long)part.Rows / 32 * p.BlockBytes : (long)part.Rows * part.Codec!.Codec.CodeBytes,
        };
        Report.Row(what.Kind == IndexKind.Exact ? "" : what.Codec, index, what.Share.ToString("0.###", CultureInfo.InvariantCulture), Recall.Print(recall), 1 / seconds, building is { } b ? b : "", bytes / 1e6);
    }

    private static (long[][] Rows, double Seconds) Found(CollectionStore store, VectorSet set, int queries, FilterPlan? filter, bool exact)
    {
        IndexSnapshot snapshot = store.Index.Snapshot;
        SearchEffort effort = new(4, 128, exact);
        long[] Search(int q) => [.. snapshot.Search(set.Queries.AsMemory(q * set.Dimensions, set.Dimensions), Top, filter, effort, default).Select(h => h.Row)];
        for (int q = 0; q < WarmUp; q++)
        {
            Search(q);
        }
        long[][] rows = new long[queries][];
        TimeSpan began = Environment.CpuUsage.TotalTime;
        for (int q = 0; q < queries; q++)
        {
            rows[q] = Search(q);
        }
        return (rows, (Environment.CpuUsage.TotalTime - began).TotalSeconds / queries);
    }

    private static CollectionStore Fill(VectorSet set, string folder, CancellationToken cancellationToken)
    {
        int documents = set.Count / ChunksADocument;
        CollectionRow row = new(1, "c", "model", new string('a', 32), set.Dimensions, new ChunkingSettings(), documents);
        SegmentTools tools = new(SegmentTools.CreateFile, new RowSource(_ => throw new InvalidOperationException("A block is damaged."), NullLogger.Instance), NullLogger.Instance);
        CollectionStore store = CollectionStore.Open(row, folder, new IndexOptions { SealRows = documents * ChunksADocument, CodecRows = 1, GraphRows = int.MaxValue, ListRows = int.MaxValue }, tools);
        foreach (int[] some in Enumerable.Range(0, documents).Chunk(DocumentsAtOnce))
        {
            store.Index.Apply([.. some.Select(d => new DocumentChange(d + 1, d + 1, $"d{d}", $$"""{"n":{{(long)d * 7919 % Kinds}}}""",
                [.. Enumerable.Range(d * ChunksADocument, ChunksADocument).Select(r => ((long)r, set.Row(r).ToArray()))]))]);
        }
        return store.Maintain(1, cancellationToken) || store.Waiting == 0 ? store : throw new InvalidOperationException("The segment could not be written.");
    }
}
