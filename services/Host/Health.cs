using Retrieval.Contracts;

namespace Retrieval.Host;

/// <summary>/healthz: the process lives. /readyz: it can answer. Until ready, every other route says 503.</summary>
internal static class Health
{
    public static void UseHealth(this WebApplication app)
    {
        Readiness readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((context, next) => context.Request.Path.Value is "/healthz" or "/readyz" or "/metrics" or "/dapr/subscribe" ? next(context)
            : readiness.Broken is { } broken ? throw new RetrievalException(ErrorKind.Unavailable, broken, help: "The server ends; ask again when it has been started anew.")
            : readiness.Waiting.Count == 0 ? next(context)
            : throw new RetrievalException(ErrorKind.Unavailable, $"The server is starting; it waits for: {string.Join(", ", readiness.Waiting)}.", help: "Ask again when /readyz is green."));
        app.MapGet("/healthz", () => Results.Json(new HealthInfo("healthy"), WireJson.Strict.HealthInfo)).WithSummary("The process lives").Produces<HealthInfo>();
        app.MapGet("/readyz", () => readiness switch
            {
                { Broken: { } broken } => Results.Json(new HealthInfo("broken", [broken]), WireJson.Strict.HealthInfo, statusCode: StatusCodes.Status503ServiceUnavailable),
                { Waiting: { Count: > 0 } waiting } => Results.Json(new HealthInfo("starting", waiting), WireJson.Strict.HealthInfo, statusCode: StatusCodes.Status503ServiceUnavailable),
                _ => Results.Json(new HealthInfo("ready", Failed: readiness.FailedModels), WireJson.Strict.HealthInfo),
            })
            .WithSummary("The server can answer: the model has answered once").Produces<HealthInfo>().Produces<HealthInfo>(503);
    }
}
