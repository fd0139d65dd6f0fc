using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Encoder.Variants;

namespace Retrieval.UnitTests.Encoder.Serving;

/// <summary>Instruments and spans tell what happened, by the names that are served.</summary>
public sealed class TracesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_request_is_followed_through_the_queue_into_its_batch()
    {
        ConcurrentBag<Activity> ended = [];
        using ActivityListener listener = new() { ShouldListenTo = s => s.Name == "Retrieval.Encoder", Sample = (ref _) => ActivitySamplingResult.AllData, ActivityStopped = ended.Add };
        ActivitySource.AddActivityListener(listener);
        using (LocalEncoder encoder = Load("traced"))
        {
            using Activity caller = new Activity("caller").Start();
            await encoder.EmbedAsync(new EmbedRequest(["w1 w2", "w3 w4"]), TestContext.Current.CancellationToken);
        }
        Activity[] own = [.. ended.Where(a => (string?)a.GetTagItem("retrieval.model") == "traced")];
        Activity request = own.Single(a => a.OperationName == "encode"), batch = own.First(a => a.OperationName == "encode batch");
        request.Parent!.OperationName.ShouldBe("caller");
        (batch.TraceId, batch.ParentSpanId).ShouldBe((request.TraceId, request.SpanId));
        batch.Links.ShouldHaveSingleItem().Context.SpanId.ShouldBe(request.SpanId);
        own.Where(a => a.OperationName == "encode batch").Sum(a => (int)a.GetTagItem("retrieval.batch.texts")!).ShouldBe(2);
    }

    [Fact]
    public async Task Counts_add_up_and_labels_are_the_served_names()
    {
        ConcurrentDictionary<(string, string), double> sums = [];
        using MeterListener listener = new() { InstrumentPublished = (i, l) => { if (i.Meter.Name == EncoderMetrics.MeterName) { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<long>((i, v, labels, _) => Add(i.Name, v, labels.ToArray()));
        listener.SetMeasurementEventCallback<int>((i, v, labels, _) => Add(i.Name, v, labels.ToArray()));
        listener.SetMeasurementEventCallback<double>((i, v, labels, _) => Add(i.Name, v, labels.ToArray()));
        listener.Start();
        using (LocalEncoder encoder = Load("counted"))
        {
            await encoder.EmbedAsync(new EmbedRequest(["w1 w2", "w3", "w1 w2"], InputKind.Document), TestContext.Current.CancellationToken);
            await encoder.EmbedAsync(new EmbedRequest(["w1 w2", "w4 w5 w6"]), TestContext.Current.CancellationToken);
            await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest(["w1"], Model: "invented"), TestContext.Current.CancellationToken));
            await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest([string.Join(' ', Enumerable.Repeat("w1", 600))], Truncate: false), TestContext.Current.CancellationToken));
            listener.RecordObservableInstruments();
        }
        sums[("retrieval.encoder.cache.hits", "")].ShouldBe(1);
        sums[("retrieval.encoder.cache.misses", "")].ShouldBe(4);
        sums[("retrieval.encoder.texts", "done")].ShouldBe(4);
        sums[("retrieval.encoder.texts", "refused")].ShouldBe(1);
        sums[("retrieval.encoder.tokens", "")].ShouldBe(4 + 3 + 4 + 5);
        sums.Keys.ShouldNotContain(k => k.Item2.Contains("invented"));
        sums[("retrieval.encoder.queue.texts", "")].ShouldBe(0);

        void Add(string name, double value, KeyValuePair<string, object?>[] labels)
        {
            if (labels.Any(l => l is { Key: "model", Value: "counted" }))
            {
                sums.AddOrUpdate((name, (string?)labels.FirstOrDefault(l => l.Key == "outcome").Value ?? ""), value, (_, sum) => sum + value);
            }
        }
    }

    [Fact]
    public async Task Every_tier_with_a_model_of_its_own_has_its_own_series_and_a_tier_that_is_invented_has_none()
    {
        ConcurrentBag<(string Name, string Labels)> seen = [];
        using MeterListener listener = new() { InstrumentPublished = (i, l) => { if (i.Meter.Name == EncoderMetrics.MeterName) { l.EnableMeasurementEvents(i); } } };
        listener.SetMeasurementEventCallback<long>((i, _, labels, _) => Add(i.Name, labels.ToArray()));
        listener.SetMeasurementEventCallback<int>((i, _, labels, _) => Add(i.Name, labels.ToArray()));
        listener.Start();
        CancellationToken none = TestContext.Current.CancellationToken;
        using (LocalEncoder encoder = LocalEncoder.Load(TinyModel.Options(_folder["compiled"], TieredModel.Write(_folder, "tiered", 16)), NullLogger.Instance))
        {
            foreach (string? tier in (string?[])[null, "L4", "L3", "L2", "L2xD16"])
            {
                await encoder.EmbedAsync(new EmbedRequest(["aa ab"], InputKind.Query, Tier: tier), none);
            }
            await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest(["aa ab"], InputKind.Query, Tier: "invented"), none));
            listener.RecordObservableInstruments();
        }
        seen.Where(s => s.Name == "retrieval.encoder.queue.texts").Select(s => s.Labels).Order(StringComparer.Ordinal).ShouldBe(
        [
            "documents full document", "documents full query", "queries L2 document", "queries L2 query", "queries L3 document", "queries L3 query",
        ]);
        seen.Where(s => s.Name == "retrieval.encoder.tokens").Select(s => s.Labels).Distinct().Order(StringComparer.Ordinal).ShouldBe(["documents full", "queries L2", "queries L3"]);

        void Add(string name, KeyValuePair<string, object?>[] labels)
        {
            if (labels.Any(l => l is { Key: "model", Value: "tiered" }))
            {
                seen.Add((name, string.Join(' ', labels.Where(l => l.Key is "variant" or "tier" or "priority").Select(l => l.Value))));
            }
        }
    }

    private LocalEncoder Load(string name) => LocalEncoder.Load(
        new EncoderOptions { Models = [new ModelOptions { Path = TableModel.Write(_folder[name]), Name = name }], Provider = "cpu", Threads = 1 }, NullLogger.Instance);
}
