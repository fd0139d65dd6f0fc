using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>The front of the Compression role.</summary>
public static class CompressionRole
{
    /// <summary>Serves <see cref="ICompressor"/> in this process; needs an IEncoder and a TokenizerCache.</summary>
    public static IServiceCollection AddCompression(this IServiceCollection services, CompressionOptions options) => services
        .AddSingleton(options)
        .AddSingleton<SentenceRanking>()
        .AddSingleton<ICompressor, SentenceCompressor>();

    /// <summary>The internal route for other processes.</summary>
    public static void MapCompression(this IEndpointRouteBuilder routes) =>
        routes.MapPost(HttpCompressor.Route, async (CompressRequest request, ICompressor compressor, CancellationToken cancellationToken) =>
            Results.Json(await compressor.CompressAsync(request, cancellationToken), WireJson.Strict.CompressResult))
            .ExcludeFromDescription();
}
