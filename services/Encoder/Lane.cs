namespace Retrieval.Encoder;

/// <summary>A model with the texts that wait for it and the threads that run it.</summary>
internal sealed class Lane : IDisposable
{
    private readonly EncoderMetrics _all;
    private readonly BatchLoop _loop;

    /// <summary>Starts the threads.</summary>
    /// <param name="model">Must outlive the lane, and a dead one for ever.</param>
    /// <param name="variant">What it encodes, for metrics: documents or queries.</param>
    /// <param name="tier">Name of the tier whose model it is, for metrics.</param>
    /// <param name="serving">Settings, time, metrics.</param>
    public Lane(EncoderModel model, string variant, string tier, Serving serving)
    {
        (Model, Variant, Tier, _all, Limits) = (model, variant, tier, serving.Metrics, serving.Options.Limits(model.IsGpu));
        Metrics = new LaneMetrics(serving.Metrics, model.Name, variant, tier);
        Queue = new BatchQueue(model.Name, Limits, serving.Time) { Dropped = Metrics.Dropped };
        Shape = RunShape.Choose(model, serving);
        model.OpenThreads(Shape.RunThreads);
        _loop = new BatchLoop(this, Shape.Runs, serving);
        _all.Add(this);
    }

    public EncoderModel Model { get; }

    /// <summary>What it encodes, for metrics and traces.</summary>
    public string Variant { get; }

    /// <summary>Name of the tier whose model it is, for metrics and traces.</summary>
    public string Tier { get; }

    public BatchLimits Limits { get; }

    public BatchQueue Queue { get; }

    public RunShape Shape { get; }

    public LaneMetrics Metrics { get; }

    /// <summary>A run may still be inside the session, which must then not be taken away under it.</summary>
    public bool IsDead => _loop.IsDead;

    /// <summary>Finishes what waits.</summary>
    public void Dispose()
    {
        _all.Remove(this);
        _loop.Dispose();
    }
}
