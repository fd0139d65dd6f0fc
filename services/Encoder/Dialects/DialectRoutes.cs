using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Retrieval.Encoder;

/// <summary>All routes of other APIs, and the encoder's own.</summary>
public static class DialectRoutes
{
    private static IEnumerable<DialectRoute> All => [.. OpenAiRoutes.All, .. TeiRoutes.All, .. CohereRoutes.All, .. QdrantRoutes.All, ExplainRoute.Route];

    /// <summary>Answers them with the models of this process.</summary>
    internal static void Map(IEndpointRouteBuilder routes)
    {
        foreach (DialectRoute route in All)
        {
            route.Describe(routes.MapMethods(route.Path, [route.Method], route.Answer));
        }
    }

    /// <summary>Forwards them to the process that has the models, byte for byte; what cannot be reached is told in the dialect.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="forwarder">To that process.</param>
    public static void MapForwarded(IEndpointRouteBuilder routes, Forwarder forwarder)
    {
        foreach (DialectRoute route in All)
        {
            route.Describe(routes.MapMethods(route.Path, [route.Method], (Delegate)((HttpContext context) => forwarder.SendAsync(context))));
        }
    }
}
