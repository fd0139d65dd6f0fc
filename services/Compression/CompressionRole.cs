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
        .AddSingleton<ICompressor, SentenceCompressor>()
        .AddSingleton<ICodecTrainer, LocalCodecTrainer>();

    /// <summary>The internal routes for other processes.</summary>
    public static void MapCompression(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(HttpCompressor.Route, async (CompressRequest request, ICompressor compressor, CancellationToken cancellationToken) =>
            Results.Json(await compressor.CompressAsync(request, cancellationToken), WireJson.Strict.CompressResult))
            .ExcludeFromDescription();
        routes.MapPost(HttpCodecTrainer.Route, async (string codec, int dimensions, int seed, HttpRequest request, ICodecTrainer trainer, CancellationToken cancellationToken) =>
            Results.Bytes(await trainer.TrainAsync(codec, await ReadAsync(request, cancellationToken), dimensions, seed, cancellationToken)))
            .ExcludeFromDescription();
    }

    /// <summary>Raw float32; as long as the sender, which is the index of another process, says.</summary>
    private static async Task<float[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
        float[] sample = new float[(request.ContentLength ?? 0) / sizeof(float)];
        byte[] bytes = new byte[sample.Length * sizeof(float)];
        await request.Body.ReadExactlyAsync(bytes, cancellationToken);
        Buffer.BlockCopy(bytes, 0, sample, 0, bytes.Length);
        return sample;
    }
}
