using Retrieval.Contracts;

namespace Retrieval.Host;

/// <summary>/healthz: the process lives. /readyz: it can answer. Until ready, every other route says 503.</summary>
internal static class Health
{
    public static void UseHealth(this WebApplication app)
    {
        Readiness readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((context, next) => readiness.Waiting.Count == 0 || context.Request.Path.Value is "/healthz" or "/readyz" or "/dapr/subscribe" ? next(context)
            : throw new RetrievalException(ErrorKind.Unavailable, $"The server is starting; it waits for: {string.Join(", ", readiness.Waiting)}.", help: "Ask again when /readyz is green."));
        app.MapGet("/healthz", () => Results.Json(new HealthInfo("healthy"), WireJson.Strict.HealthInfo)).WithSummary("The process lives").Produces<HealthInfo>();
        app.MapGet("/readyz", () => readiness.Waiting is { Count: > 0 } waiting
                ? Results.Json(new HealthInfo("starting", waiting), WireJson.Strict.HealthInfo, statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Json(new HealthInfo("ready"), WireJson.Strict.HealthInfo))
            .WithSummary("The server can answer: the model has answered once").Produces<HealthInfo>().Produces<HealthInfo>(503);
    }
}
