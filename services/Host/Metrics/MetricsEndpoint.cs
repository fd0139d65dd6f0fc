namespace Retrieval.Host;

/// <summary>GET /metrics, for Prometheus and what reads its text.</summary>
internal static class MetricsEndpoint
{
    private const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    public static void MapMetrics(this WebApplication app)
    {
        MetricStore store = app.Services.GetRequiredService<MetricStore>(); // counts from here on, not from the first question
        app.MapGet("/metrics", () => Results.Text(store.Read(), MediaType)).WithSummary("Counts and times of this process in Prometheus' text format").Produces<string>(200, "text/plain");
    }
}
