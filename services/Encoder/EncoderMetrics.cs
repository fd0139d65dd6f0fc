using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Retrieval.Encoder;

/// <summary>
/// Instruments of the meter <c>Retrieval.Encoder</c>. Labels are the names of served models, of their variants and tiers, and a few words: nothing that a
/// client writes becomes one.
/// </summary>
internal sealed class EncoderMetrics : IDisposable
{
    /// <summary>Of the meter.</summary>
    public const string MeterName = "Retrieval.Encoder";

    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] Sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
    private static readonly double[] Shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];

    private readonly Meter _meter = new(MeterName);
    private readonly ConcurrentDictionary<Lane, byte> _lanes = [];

    public EncoderMetrics()
    {
        Wait = Histogram("retrieval.encoder.queue.wait", "s", "Time of a text in the queue", Seconds);
        Run = Histogram("retrieval.encoder.run.duration", "s", "Time of a batch's run", Seconds);
        BatchTexts = Histogram("retrieval.encoder.batch.texts", "{text}", "Texts of a batch", Sizes);
        BatchTokens = Histogram("retrieval.encoder.batch.tokens", "{token}", "Tokens of a batch, without padding", Sizes);
        Fill = Histogram("retrieval.encoder.batch.fill", "1", "Share of the token budget that a batch takes, padding included", Shares);
        Texts = _meter.CreateCounter<long>("retrieval.encoder.texts", "{text}", "Texts by outcome: done, failed, cancelled, expired, refused");
        Tokens = _meter.CreateCounter<long>("retrieval.encoder.tokens", "{token}", "Tokens computed, without padding");
        Padding = _meter.CreateCounter<long>("retrieval.encoder.padding", "{token}", "Padding computed: what batches of unlike lengths waste");
        CacheHits = _meter.CreateCounter<long>("retrieval.encoder.cache.hits", "{text}", "Texts whose vector was kept");
        CacheMisses = _meter.CreateCounter<long>("retrieval.encoder.cache.misses", "{text}", "Texts whose vector was computed");
        _meter.CreateObservableGauge("retrieval.encoder.queue.texts", () => Observe(s => s.Texts), "{text}", "Texts that wait");
        _meter.CreateObservableGauge("retrieval.encoder.queue.tokens", () => Observe(s => s.Tokens), "{token}", "Tokens that wait");
        _meter.CreateObservableGauge("retrieval.encoder.queue.age", () => Observe(s => s.OldestSeconds), "s", "Age of the text that waits longest");
    }

    internal Histogram<double> Wait { get; }
    internal Histogram<double> Run { get; }
    internal Histogram<double> BatchTexts { get; }
    internal Histogram<double> BatchTokens { get; }
    internal Histogram<double> Fill { get; }
    internal Counter<long> Texts { get; }
    internal Counter<long> Tokens { get; }
    internal Counter<long> Padding { get; }
    internal Counter<long> CacheHits { get; }
    internal Counter<long> CacheMisses { get; }

    /// <summary>Bytes of kept vectors and of loaded models.</summary>
    public void Observe(Func<long> cacheBytes, Func<(long Bytes, IEnumerable<(string State, int Count)> States)> models)
    {
        _meter.CreateObservableGauge("retrieval.encoder.cache.bytes", cacheBytes, "By", "Bytes of the kept vectors");
        _meter.CreateObservableGauge("retrieval.encoder.models.bytes", () => models().Bytes, "By", "Bytes of the graphs and weights of loaded models");
        _meter.CreateObservableGauge("retrieval.encoder.models", () => models().States.Select(s => new Measurement<long>(s.Count, new KeyValuePair<string, object?>("state", s.State))), "{model}", "Models by state");
    }

    public void Add(Lane lane) => _lanes.TryAdd(lane, 0);

    public void Remove(Lane lane) => _lanes.TryRemove(lane, out _);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private Histogram<double> Histogram(string name, string unit, string description, double[] bounds) =>
        _meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private IEnumerable<Measurement<T>> Observe<T>(Func<QueueState, T> read) where T : struct => _lanes.Keys.SelectMany(lane => ((bool[])[true, false]).Select(queries =>
        new Measurement<T>(read(lane.Queue.State(queries)), new("model", lane.Model.Name), new("variant", lane.Variant), new("tier", lane.Tier), new("priority", queries ? "query" : "document"))));
}

/// <summary>The instruments with the labels of one lane.</summary>
internal sealed class LaneMetrics(EncoderMetrics all, string model, string variant, string tier)
{
    private readonly KeyValuePair<string, object?> _model = new("model", model), _variant = new("variant", variant), _tier = new("tier", tier);

    /// <summary>A batch left the queue.</summary>
    public void Taken(List<TextWork> batch, TimeProvider time)
    {
        if (all.Wait.Enabled)
        {
            batch.ForEach(t => all.Wait.Record(time.GetElapsedTime(t.Since).TotalSeconds, _model, _variant));
        }
    }

    /// <summary>A batch has its vectors.</summary>
    public void Ran(List<TextWork> batch, TimeSpan took, int budget)
    {
        long tokens = 0, columns = 0;
        foreach (TextWork text in batch)
        {
            (tokens, columns) = (tokens + text.Length, Math.Max(columns, text.Length));
        }
        all.Run.Record(took.TotalSeconds, _model, _variant, _tier);
        all.BatchTexts.Record(batch.Count, _model, _variant);
        all.BatchTokens.Record(tokens, _model, _variant);
        all.Fill.Record((double)batch.Count * columns / budget, _model, _variant);
        all.Tokens.Add(tokens, _model, _variant, _tier);
        all.Padding.Add(batch.Count * columns - tokens, _model, _variant);
        Count(batch.Count, "done");
    }

    public void Failed(int texts) => Count(texts, "failed");

    public void Refused(int texts) => Count(texts, "refused");

    public void Dropped(bool expired) => Count(1, expired ? "expired" : "cancelled");

    public void Cached(int hits, int misses)
    {
        all.CacheHits.Add(hits, _model, _variant);
        all.CacheMisses.Add(misses, _model, _variant);
    }

    private void Count(int texts, string outcome) => all.Texts.Add(texts, _model, _variant, new KeyValuePair<string, object?>("outcome", outcome));
}
