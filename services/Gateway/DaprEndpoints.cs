using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Gateway;

/// <summary>
/// Document changes from Dapr's pub/sub. The sidecar asks /dapr/subscribe for topics, posts CloudEvents, and does what the answer says: SUCCESS is the job row, RETRY comes again, DROP is refused for good
/// and goes to the dead-letter topic where one is set.
/// </summary>
internal static class DaprEndpoints
{
    private const string TokenHeader = "dapr-api-token";

    public static void Map(IEndpointRouteBuilder routes, DaprOptions dapr)
    {
        if (dapr.PubSub is not { } pubSub)
        {
            return;
        }
        routes.MapGet("/dapr/subscribe", (HttpRequest request) =>
        {
            RequireToken(request, dapr);
            return Results.Json([Subscription(pubSub, dapr.Topic, JobQueue.Interactive, dapr), Subscription(pubSub, dapr.BulkTopic, JobQueue.Bulk, dapr)], WireJson.Strict.DaprSubscriptionArray);
        }).ExcludeFromDescription();
        foreach (JobQueue queue in Enum.GetValues<JobQueue>())
        {
            routes.MapPost(Route(queue), (HttpRequest request, ChangeIntake intake, GatewayOptions options, ILogger<ChangeIntake> logger, CancellationToken cancellationToken) =>
            {
                RequireToken(request, dapr);
                return TakeAsync(request, intake, queue, (options.MaxDocumentBytes, logger), cancellationToken);
            }).ExcludeFromDescription();
        }
    }

    private static string Route(JobQueue queue) => queue == JobQueue.Bulk ? "/dapr/documents/bulk" : "/dapr/documents/interactive";

    private static DaprSubscription Subscription(string pubSub, string topic, JobQueue queue, DaprOptions dapr) => new(pubSub, topic, Route(queue), dapr.DeadLetterTopic);

    private static async Task<IResult> TakeAsync(HttpRequest request, ChangeIntake intake, JobQueue queue, (long Limit, ILogger Logger) edge, CancellationToken cancellationToken)
    {
        try
        {
            byte[] body = await RequestBody.ReadAsync(request, edge.Limit, cancellationToken);
            await intake.AcceptAsync(Read(body), queue, cancellationToken);
            return Verdict("SUCCESS");
        }
        catch (RetrievalException e) when (e.Problem.Kind.IsTransient())
        {
            return Verdict("RETRY");
        }
        catch (RetrievalException e)
        {
            Log.ChangeDropped(edge.Logger, e.Problem.ToString());
            return Verdict("DROP");
        }
    }

    /// <summary>The data of a CloudEvent (CloudEvents 1.0, JSON format), or the message itself where the publisher asked for raw payloads.</summary>
    private static ChangeMessage Read(byte[] body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("specversion", out _))
            {
                return ChangeMessage.Read(body);
            }
            return root.TryGetProperty("data", out JsonElement data) ? data.ValueKind == JsonValueKind.String ? ChangeMessage.Read(Encoding.UTF8.GetBytes(data.GetString()!)) : ChangeMessage.Read(data)
                : root.TryGetProperty("data_base64", out JsonElement base64) && base64.ValueKind == JsonValueKind.String && base64.TryGetBytesFromBase64(out byte[]? bytes) ? ChangeMessage.Read(bytes)
                : throw new RetrievalException(ErrorKind.Invalid, "The CloudEvent has no data.", "data", help: "docs/document-change.v1.schema.json says what the data is.");
        }
        catch (JsonException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The message is not JSON: {e.Message}", "body", inner: e);
        }
    }

    private static IResult Verdict(string status) => Results.Json(new DaprVerdict(status), WireJson.Strict.DaprVerdict);

    private static void RequireToken(HttpRequest request, DaprOptions dapr)
    {
        if (dapr.AppToken is { } token && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers[TokenHeader].ToString()), Encoding.UTF8.GetBytes(token)))
        {
            throw new RetrievalException(ErrorKind.Unauthorized, "The message does not come from this program's sidecar.", TokenHeader, help: "Set the sidecar's APP_API_TOKEN to Dapr:AppToken.");
        }
    }
}
