using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary><c>POST /v1/collections/{c}/search</c>.</summary>
internal static class SearchEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/collections/{collection}/search", async (string collection, HttpRequest request, QueryPipeline pipeline, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                SearchRequest search = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.SearchRequest, cancellationToken);
                return Results.Json(await pipeline.SearchAsync(collection, search, cancellationToken), WireJson.Strict.SearchResponse);
            })
            .WithSummary("Search a collection")
            .WithDescription("'tier' names the query variant of the encoder that encodes the query, such as one that leaves after fewer layers; left out, load decides among those that were measured and admitted. The answer says which one it was.")
            .Accepts<SearchRequest>("application/json").Produces<SearchResponse>().Problems(400, 404, 413, 415, 429);
}
