using System.Diagnostics;

namespace Retrieval.Encoder;

/// <summary>Spans that follow a request through queue and batch: "encode" for the request, "encode batch" for each run, linked to every request that it has texts of.</summary>
internal static class Traces
{
    private const int MostLinks = 64;

    /// <summary>Listen to this name.</summary>
    public static readonly ActivitySource Source = new("Retrieval.Encoder");

    public static Activity? StartRequest(EncoderModel model, int texts) => Source.StartActivity("encode")?.SetTag("retrieval.model", model.Name).SetTag("retrieval.texts", texts);

    /// <summary>A child of the request that waited longest; the others are links, since a span has one parent.</summary>
    public static Activity? StartBatch(List<TextWork> batch, Lane lane)
    {
        if (!Source.HasListeners())
        {
            return null;
        }
        ActivityLink[] links = [.. batch.Select(t => t.Trace).Where(t => t != default).Distinct().Take(MostLinks).Select(t => new ActivityLink(t))];
        return Source.StartActivity("encode batch", ActivityKind.Internal, batch[0].Trace, links: links)?
            .SetTag("retrieval.model", lane.Model.Name).SetTag("retrieval.variant", lane.Variant).SetTag("retrieval.tier", lane.Tier)
            .SetTag("retrieval.batch.texts", batch.Count).SetTag("retrieval.batch.tokens", batch.Sum(t => t.Length)).SetTag("retrieval.batch.columns", batch.Max(t => t.Length));
    }
}
