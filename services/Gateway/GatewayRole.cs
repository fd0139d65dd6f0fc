using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>The front of the Gateway role.</summary>
public static class GatewayRole
{
    /// <summary>Serves the public API; needs a Catalog, a JobProgress, a ChangeIntake, an EmbeddedIndex, an IEncoder, an ICompressor and an ICodecService.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options) => services
        .AddSingleton(options)
        .AddSingleton<QueryPipeline>()
        .AddSingleton<DocumentAcceptance>()
        .AddSingleton<BulkLoad>()
        .AddSingleton<EventStreams>()
        .AddOpenApi("v1", ApiDescription.Configure);

    /// <summary>Routes of the public API, its OpenAPI document and the page at /.</summary>
    public static void MapGateway(this IEndpointRouteBuilder routes, DaprOptions dapr)
    {
        CollectionEndpoints.Map(routes);
        DocumentEndpoints.Map(routes);
        JobEndpoints.Map(routes);
        DeadLetterEndpoints.Map(routes);
        DaprEndpoints.Map(routes, dapr);
        SchemaEndpoint.Map(routes);
        SearchEndpoint.Map(routes);
        SampleEndpoints.Map(routes);
        CompressEndpoint.Map(routes);
        CodecEndpoints.Map(routes);
        Page.Map(routes);
        routes.MapOpenApi("/openapi/{documentName}.json");
    }
}
