using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Retrieval.Gateway;

/// <summary>The front of the Gateway role.</summary>
public static class GatewayRole
{
    /// <summary>Serves the public API; needs a Catalog, an EmbeddedIndex, an IEncoder, an ICompressor and an ICodecService.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton(options)
        .AddSingleton<QueryPipeline>()
        .AddSingleton<DocumentAcceptance>()
        .AddSingleton<BulkLoad>()
        .AddOpenApi("v1", ApiDescription.Configure);

    /// <summary>Routes of the public API, its OpenAPI document and the page at /.</summary>
    public static void MapGateway(this IEndpointRouteBuilder routes)
    {
        CollectionEndpoints.Map(routes);
        DocumentEndpoints.Map(routes);
        SearchEndpoint.Map(routes);
        CompressEndpoint.Map(routes);
        CodecEndpoints.Map(routes);
        Page.Map(routes);
        routes.MapOpenApi("/openapi/{documentName}.json");
    }
}
