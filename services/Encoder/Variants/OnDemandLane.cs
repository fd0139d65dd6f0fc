using Retrieval.Contracts;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>A lane that starts when it is first asked for. One that could not be opened is tried again by the next who asks.</summary>
/// <param name="start">Opens the model and starts its threads.</param>
internal sealed class OnDemandLane(Func<Lane> start)
{
    private readonly Lock _lock = new();
    private volatile Lane? _lane;

    /// <summary>One that runs already.</summary>
    public static OnDemandLane Of(Lane lane) => new(() => lane) { _lane = lane };

    /// <summary>Null until it was asked for.</summary>
    public Lane? Started => _lane;

    /// <summary>The lane, started now if it is not.</summary>
    /// <exception cref="RetrievalException">Unavailable: its model cannot be opened, and why.</exception>
    public Lane Value
    {
        get
        {
            lock (_lock)
            {
                try
                {
                    return _lane ??= start();
                }
                catch (Exception e) when (e is ModelFormatException or OnnxFormatException or PassRefusedException or IOException or UnauthorizedAccessException)
                {
                    throw new RetrievalException(ErrorKind.Unavailable, $"The tier cannot be opened: {e.Message}", "tier", help: "Ask without a tier, or mend the model's folder.", inner: e);
                }
            }
        }
    }
}
