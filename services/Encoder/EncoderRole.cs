using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The front of the Encoder role.</summary>
public static class EncoderRole
{
    /// <summary>Serves <see cref="IEncoder"/> in this process. The models are loaded when the container first makes it, which the host does before it listens.</summary>
    public static IServiceCollection AddEncoder(this IServiceCollection services, EncoderOptions options) => services
        .AddSingleton(options)
        .AddSingleton(provider => LocalEncoder.Load(options, provider.GetRequiredService<ILogger<LocalEncoder>>(), provider.GetService<TimeProvider>() ?? TimeProvider.System))
        .AddSingleton<IEncoder>(provider => provider.GetRequiredService<LocalEncoder>())
        .AddSingleton<ITokenizerFiles>(provider => provider.GetRequiredService<LocalEncoder>());

    /// <summary>The dialects, and the internal routes for other processes.</summary>
    public static void MapEncoder(this IEndpointRouteBuilder routes)
    {
        DialectRoutes.Map(routes);
        ModelAdminEndpoint.Map(routes);
        routes.MapGet(HttpEncoder.DescribeRoute, async (string? model, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.DescribeAsync(model, cancellationToken), WireJson.Strict.EncoderDescription)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.EmbedRoute, async (EmbedRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.EmbedAsync(request, cancellationToken), WireJson.Strict.EmbedResult)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.EmbedTokensRoute, async (EmbedRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.EmbedTokensAsync(request, cancellationToken), WireJson.Strict.EmbedTokensResult)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.MatchRoute, async (MatchRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.MatchAsync(request, cancellationToken), WireJson.Strict.MatchResult)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.ScoreRoute, async (ScoreRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.ScoreAsync(request, cancellationToken), WireJson.Strict.ScoreResult)).ExcludeFromDescription();
        routes.MapGet(HttpEncoder.ListRoute, async (IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.ListAsync(cancellationToken), WireJson.Strict.IReadOnlyListEncoderDescription)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.EmbedSparseRoute, async (EmbedRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.EmbedSparseAsync(request, cancellationToken), WireJson.Strict.EmbedSparseResult)).ExcludeFromDescription();
        routes.MapPost(HttpEncoder.ClassifyRoute, async (ClassifyRequest request, IEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.ClassifyAsync(request, cancellationToken), WireJson.Strict.ClassifyResult)).ExcludeFromDescription();
        routes.MapGet(HttpEncoder.TokenizerRoute + "{hash}", async (string hash, ITokenizerFiles files, CancellationToken cancellationToken) =>
            Results.Bytes(await files.ReadTokenizerAsync(hash, cancellationToken), "application/json")).ExcludeFromDescription();
    }
}
