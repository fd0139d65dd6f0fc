using System.Diagnostics.Metrics;
using Retrieval.Host;

namespace Retrieval.UnitTests.Host;

public sealed class MetricStoreTests
{
    [Fact]
    public void Instruments_become_prometheus_text()
    {
        using MetricStore store = new();
        using Meter meter = new("Retrieval.Test");
        double level = 1.5;
        Counter<long> count = meter.CreateCounter<long>("test.texts", "{text}", "Texts \\ lines\nmore");
        Histogram<double> time = meter.CreateHistogram("test.run", "s", "Time", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        meter.CreateObservableGauge("test.level", () => new Measurement<double>(level, new KeyValuePair<string, object?>("which", level > 1 ? "high" : "low")), "By");
        Gauge<int> set = meter.CreateGauge<int>("test.set");
        count.Add(2, new("model", "a\"b\\c\nd"), new("outcome", "done"));
        count.Add(3, new("model", "a\"b\\c\nd"), new("outcome", "done"));
        time.Record(0.1);
        time.Record(0.5);
        time.Record(7);
        set.Record(5);
        set.Record(4);

        string text = store.Read();
        text.ShouldContain("# HELP test_texts_total Texts \\\\ lines\\nmore\n# TYPE test_texts_total counter\ntest_texts_total{model=\"a\\\"b\\\\c\\nd\",outcome=\"done\"} 5\n");
        text.ShouldContain("# TYPE test_run_seconds histogram\ntest_run_seconds_bucket{le=\"0.1\"} 1\ntest_run_seconds_bucket{le=\"1\"} 2\ntest_run_seconds_bucket{le=\"+Inf\"} 3\ntest_run_seconds_sum 7.6\ntest_run_seconds_count 3\n");
        text.ShouldContain("# TYPE test_level_bytes gauge\ntest_level_bytes{which=\"high\"} 1.5\n");
        text.ShouldContain("test_set 4\n");

        level = 0.5; // what is not told any more is gone, and counts go on
        count.Add(1, new("model", "a\"b\\c\nd"), new("outcome", "done"));
        text = store.Read();
        text.ShouldContain("test_level_bytes{which=\"low\"} 0.5\n");
        text.ShouldNotContain("which=\"high\"");
        text.ShouldContain("outcome=\"done\"} 6\n");
    }

    [Fact]
    public void A_label_of_ever_new_values_fills_no_memory()
    {
        using MetricStore store = new();
        using Meter meter = new("Retrieval.Test");
        Counter<long> count = meter.CreateCounter<long>("test.wild");
        for (int i = 0; i < 3_000; i++)
        {
            count.Add(1, new KeyValuePair<string, object?>("id", i));
        }
        string[] lines = [.. store.Read().Split('\n').Where(l => l.StartsWith("test_wild_total", StringComparison.Ordinal))];
        lines.Length.ShouldBe(1_001);
        lines.ShouldContain("test_wild_total{otel_metric_overflow=\"true\"} 2000");
    }
}
