using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Retrieval.Host;

/// <summary>All series of one name, in Prometheus' terms.</summary>
internal sealed class MetricFamily
{
    // A label that takes ever new values would fill the memory of this process and of whoever collects: beyond this all go into one series, as OpenTelemetry has it.
    private const int MostSeries = 1_000;
    private const string Overflow = "otel_metric_overflow=\"true\"";
    private static readonly double[] UsualBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<Series>> _byHash = [];
    private readonly List<Series> _series = [];
    private readonly string _name, _help, _type;
    private readonly IReadOnlyList<double>? _bounds;
    private readonly bool _isObserved, _isSet;
    private Series? _overflow;

    public MetricFamily(Instrument instrument)
    {
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        bool isCounter = kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>);
        (_isObserved, _isSet) = (instrument.IsObservable, instrument.IsObservable || kind == typeof(Gauge<>));
        _bounds = kind == typeof(Histogram<>) ? (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? UsualBounds : null;
        (_name, _help) = (NameOf(instrument, isCounter), instrument.Description ?? "");
        _type = isCounter ? "counter" : _bounds is not null ? "histogram" : "gauge";
    }

    /// <summary>Adds to a counter or histogram, sets a gauge.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        lock (_lock)
        {
            Series series = Find(labels);
            if (_bounds is not null)
            {
                series.Count(value, _bounds);
            }
            series.Value = _isSet ? value : series.Value + value;
        }
    }

    /// <summary>What is observed is told anew each time: what is not told any more is gone.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            if (_isObserved)
            {
                _byHash.Clear();
                _series.Clear();
                _overflow = null;
            }
        }
    }

    /// <summary>Prometheus' text format 0.0.4.</summary>
    public void Write(StringBuilder to)
    {
        lock (_lock)
        {
            if (_series.Count == 0)
            {
                return;
            }
            to.Append(CultureInfo.InvariantCulture, $"# HELP {_name} {_help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n# TYPE {_name} {_type}\n");
            _series.ForEach(s => s.Write(to, _name, _bounds));
        }
    }

    /// <summary>Dots become underscores, the unit and a counter's total follow, as OpenTelemetry maps names to Prometheus.</summary>
    public static string NameOf(Instrument instrument, bool isCounter)
    {
        string name = string.Concat(instrument.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        string unit = instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", "1" => isCounter ? "" : "_ratio", _ => "" };
        name += name.EndsWith(unit, StringComparison.Ordinal) ? "" : unit;
        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        HashCode hash = new();
        foreach ((string key, object? value) in labels)
        {
            hash.Add(key, StringComparer.Ordinal);
            hash.Add(value);
        }
        int code = hash.ToHashCode();
        if (!_byHash.TryGetValue(code, out List<Series>? same))
        {
            _byHash[code] = same = [];
        }
        foreach (Series series in same)
        {
            if (series.Has(labels))
            {
                return series;
            }
        }
        if (_series.Count >= MostSeries)
        {
            if (_overflow is null)
            {
                _series.Add(_overflow = new Series([], Overflow, _bounds));
            }
            _byHash.Remove(code);
            return _overflow;
        }
        Series made = new([.. labels], string.Join(',', labels.ToArray().Select(l => $"{Label(l.Key)}=\"{Escaped(l.Value)}\"")), _bounds);
        same.Add(made);
        _series.Add(made);
        return made;
    }

    private static string Label(string key) => string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string Escaped(object? value) => (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>One set of labels.</summary>
    private sealed class Series(KeyValuePair<string, object?>[] labels, string text, IReadOnlyList<double>? bounds)
    {
        private readonly long[] _buckets = new long[bounds?.Count + 1 ?? 0];

        /// <summary>Total, present value, or a histogram's sum.</summary>
        public double Value { get; set; }

        public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> others)
        {
            if (others.Length != labels.Length)
            {
                return false;
            }
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i].Key != others[i].Key || !Equals(labels[i].Value, others[i].Value))
                {
                    return false;
                }
            }
            return true;
        }

        public void Count(double value, IReadOnlyList<double> bounds)
        {
            int at = 0;
            while (at < bounds.Count && value > bounds[at])
            {
                at++;
            }
            _buckets[at]++;
        }

        public void Write(StringBuilder to, string name, IReadOnlyList<double>? bounds)
        {
            string braces = text.Length > 0 ? $"{{{text}}}" : "";
            if (bounds is null)
            {
                to.Append(CultureInfo.InvariantCulture, $"{name}{braces} {Number(Value)}\n");
                return;
            }
            long below = 0;
            for (int i = 0; i < _buckets.Length; i++)
            {
                below += _buckets[i];
                string le = i < bounds.Count ? Number(bounds[i]) : "+Inf";
                to.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{text}{(text.Length > 0 ? "," : "")}le=\"{le}\"}} {below}\n");
            }
            to.Append(CultureInfo.InvariantCulture, $"{name}_sum{braces} {Number(Value)}\n{name}_count{braces} {below}\n");
        }

        private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
    }
}
