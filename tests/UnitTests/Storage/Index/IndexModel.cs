using System.Text.Json;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Storage.Index;

/// <summary>The rows that a catalog would hold, changed at random, and what a search over them has to find.</summary>
internal sealed class IndexModel(int seed, int dimensions = 6)
{
    public static SearchEffort Effort { get; } = new(4, 128);

    private readonly Random _random = new(seed);
    private readonly Dictionary<long, DocumentChange> _latest = [];
    private long _nextRow = 1;

    public long Seq { get; private set; }

    public CollectionRow Row => new(7, "c", "model", new string('a', 32), dimensions, new ChunkingSettings(), Seq, Codec, Index: Index);

    public string? Codec { get; set; }

    public IndexKind Index { get; set; }

    /// <summary>Vectors gather around so many places; 0: anywhere.</summary>
    public int Clusters { get; init; }

    public int Rows => _latest.Values.Sum(c => c.Chunks.Count);

    /// <summary>Changes as the catalog gives them: each document once, by seq.</summary>
    public List<DocumentChange> Change(int documents, int keys = 150)
    {
        foreach (long key in Enumerable.Range(0, documents).Select(_ => (long)_random.Next(keys)))
        {
            List<(long, float[])> chunks = [.. Enumerable.Range(0, _random.Next(5) == 0 ? 0 : _random.Next(1, 12)).Select(_ => (_nextRow++, Vector()))];
            string? metadata = _random.Next(8) == 0 ? null : $$"""{"color":"{{((string[])["red", "green", "blue"])[_random.Next(3)]}}","n":{{_random.Next(20)}}}""";
            _latest[key] = new DocumentChange(++Seq, key, $"d{key}", chunks.Count == 0 ? null : metadata, chunks);
        }
        return After(Seq - documents);
    }

    public List<DocumentChange> Remove(IEnumerable<long> keys)
    {
        long before = Seq;
        foreach (long key in keys)
        {
            _latest[key] = new DocumentChange(++Seq, key, $"d{key}", null, []);
        }
        return After(before);
    }

    public List<DocumentChange> After(long seq) => [.. _latest.Values.Where(c => c.Seq > seq).OrderBy(c => c.Seq)];

    public float[] Vector()
    {
        float[] vector = [.. Enumerable.Range(0, dimensions).Select(_ => _random.NextSingle() - 0.5f)];
        Random place = new(Clusters == 0 ? 0 : 1000 + _random.Next(Clusters));
        for (int i = 0; i < dimensions && Clusters > 0; i++)
        {
            vector[i] = place.NextSingle() - 0.5f + 0.4f * vector[i];
        }
        Kernels.Normalize(vector);
        return vector;
    }

    public Filter? Filter() => _random.Next(4) switch
    {
        0 => null,
        1 => new Filter { Must = [new Condition { Key = "n", Range = new FieldRange { Gte = JsonSerializer.SerializeToElement(_random.Next(20)) } }] },
        2 => new Filter { MustNot = [new Condition { Key = "color", Match = new Match { Prefix = "r" } }, new Condition { HasId = [JsonSerializer.SerializeToElement($"d{_random.Next(150)}")] }] },
        _ => new Filter { Should = [new Condition { Key = "color", Match = new Match { Text = "BLUE" } }, new Condition { Key = "n", ValuesCount = new ValuesCount { Lt = 1 } }] },
    };

    public List<(long, float)> Expected(float[] query, int top, Filter? filter)
    {
        FilterPlan plan = FilterReader.Read(filter) ?? new Always(true);
        return [.. _latest.Values.Where(c => plan.Holds(FilterPlan.Element(c.Metadata), c.Id)).SelectMany(c => c.Chunks).Select(c => (c.Row, Score: Kernels.Dot(query, c.Vector))).OrderByDescending(c => c.Score).ThenBy(c => c.Row).Take(top)];
    }

    public IReadOnlyDictionary<long, float[]> Vectors(IReadOnlyList<long> rows) => _latest.Values.SelectMany(c => c.Chunks).Where(c => rows.Contains(c.Row)).ToDictionary(c => c.Row, c => c.Vector);

    public CollectionStore Open(string folder, int sealRows, ListLogger logger, Func<string, FileStream>? create = null) =>
        CollectionStore.Open(Row, folder, new IndexOptions { SealRows = sealRows }, new SegmentTools(create ?? SegmentTools.CreateFile, new RowSource(Vectors, logger), logger));

    /// <summary>The share of the nearest rows that is found; what is found has its exact score, passes, and is not short.</summary>
    public double Recall(CollectionStore store, int queries)
    {
        (int found, int possible) = (0, 0);
        for (int i = 0; i < queries; i++)
        {
            (float[] query, Filter? filter) = (Vector(), Filter());
            Dictionary<long, float> all = Expected(query, int.MaxValue, filter).ToDictionary(e => e.Item1, e => e.Item2);
            HashSet<long> best = [.. Expected(query, 10, filter).Select(e => e.Item1)];
            IReadOnlyList<(long Row, float Score)> hits = store.Index.Snapshot.Search(query, 10, FilterReader.Read(filter), Effort, default);
            hits.Count.ShouldBe(best.Count);
            hits.Select(h => h.Row).ShouldBeUnique();
            hits.ShouldAllBe(h => all.ContainsKey(h.Row) && all[h.Row] == h.Score);
            found += hits.Count(h => best.Contains(h.Row));
            possible += best.Count;
        }
        return possible == 0 ? 1 : (double)found / possible;
    }

    public CollectionStore Open(string folder, IndexOptions options, ListLogger logger) =>
        CollectionStore.Open(Row, folder, options, new SegmentTools(SegmentTools.CreateFile, new RowSource(Vectors, logger), logger));

    public void ShouldBeFound(CollectionStore store, string because)
    {
        for (int i = 0; i < 3; i++)
        {
            (float[] query, Filter? filter, int top) = (Vector(), Filter(), i == 0 ? 100_000 : 10);
            store.Index.Snapshot.Search(query, top, FilterReader.Read(filter), IndexModel.Effort, default).ShouldBe(Expected(query, top, filter), because);
        }
    }
}

/// <summary>What was logged.</summary>
internal sealed class ListLogger : ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }
    }
}
