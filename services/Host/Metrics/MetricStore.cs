using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Retrieval.Host;

/// <summary>
/// The last values of this process's instruments, for /metrics. A small exporter of our own, since no registry that is reachable everywhere has one that is
/// not a preview; whoever exports by OpenTelemetry listens to the same meters.
/// </summary>
internal sealed class MetricStore : IDisposable
{
    private static readonly string[] Meters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _reading = new();

    public MetricStore()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Retrieval.", StringComparison.Ordinal) || Meters.Contains(instrument.Meter.Name))
            {
                // By name: two meters of one name, as of two servers in one process, are one family.
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument.Name, _ => new MetricFamily(instrument)));
            }
        };
        Listen<byte>(v => v);
        Listen<short>(v => v);
        Listen<int>(v => v);
        Listen<long>(v => v);
        Listen<float>(v => v);
        Listen<double>(v => v);
        Listen<decimal>(v => (double)v);
        _listener.Start();
    }

    /// <summary>Everything in Prometheus' text format.</summary>
    public string Read()
    {
        lock (_reading)
        {
            foreach (MetricFamily family in _families.Values)
            {
                family.Forget();
            }
            _listener.RecordObservableInstruments();
            StringBuilder text = new();
            foreach ((_, MetricFamily family) in _families.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                family.Write(text);
            }
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Listen<T>(Func<T, double> number) where T : struct =>
        _listener.SetMeasurementEventCallback<T>((_, value, labels, family) => (family as MetricFamily)?.Record(number(value), labels));
}
