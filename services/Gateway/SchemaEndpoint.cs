using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Retrieval.Gateway;

/// <summary><c>GET /schemas/document-change.v1.json</c>: the form of the messages that other programs send.</summary>
internal static class SchemaEndpoint
{
    private const string File = "document-change.v1.schema.json";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/schemas/document-change.v1.json", () =>
            Results.Stream(typeof(SchemaEndpoint).Assembly.GetManifestResourceStream(File)!, "application/schema+json"))
        .WithSummary("JSON schema of document changes over RabbitMQ and Dapr").Produces<string>(200, "application/schema+json").Problems();
}
