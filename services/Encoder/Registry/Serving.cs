using Microsoft.Extensions.Logging;

namespace Retrieval.Encoder;

/// <summary>What every served model shares.</summary>
/// <param name="Options">Section Encoder.</param>
/// <param name="Logger">Of the encoder.</param>
/// <param name="Time">For waits, deadlines and recency.</param>
internal sealed record Serving(EncoderOptions Options, ILogger Logger, TimeProvider Time) : IDisposable
{
    /// <summary>Hears of models that died.</summary>
    public Watchdog Watchdog { get; } = new();

    /// <summary>Instruments.</summary>
    public EncoderMetrics Metrics { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => Metrics.Dispose();
}
