using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary><c>POST /v1/compress</c>: any passages to a context; no collection is needed.</summary>
internal static class CompressEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/compress", async (HttpRequest request, ICompressor compressor, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                CompressRequest wanted = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.CompressRequest, cancellationToken);
                return Results.Json(await compressor.CompressAsync(wanted, cancellationToken), WireJson.Strict.CompressResult);
            })
            .WithSummary("Compress passages to a token budget").Accepts<CompressRequest>("application/json").Produces<CompressResult>().Problems(400, 413, 415, 429);
}
