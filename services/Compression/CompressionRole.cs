using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>The front of the Compression role.</summary>
public static class CompressionRole
{
    /// <summary>Serves <see cref="ICompressor"/> and the codecs in this process; needs an IEncoder and a TokenizerCache.</summary>
    public static IServiceCollection AddCompression(this IServiceCollection services, CompressionOptions options) => services
        .AddSingleton(options)
        .AddSingleton<Relevance>()
        .AddSingleton<TargetTokenizers>()
        .AddSingleton<ICompressor, ContextCompressor>()
        .AddSingleton<ICodecTrainer, LocalCodecTrainer>()
        .AddSingleton<ICodecService, LocalCodecService>();

    /// <summary>The internal routes for other processes.</summary>
    public static void MapCompression(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(HttpCompressor.Route, async (CompressRequest request, ICompressor compressor, CancellationToken cancellationToken) =>
            Results.Json(await compressor.CompressAsync(request, cancellationToken), WireJson.Strict.CompressResult))
            .ExcludeFromDescription();
        routes.MapPost(HttpCodecTrainer.Route, async (string codec, int dimensions, int seed, HttpRequest request, ICodecTrainer trainer, CancellationToken cancellationToken) =>
            Results.Bytes(await trainer.TrainAsync(codec, await ReadAsync(request, cancellationToken), dimensions, seed, cancellationToken)))
            .ExcludeFromDescription();
        MapCodecs(routes);
    }

    /// <summary>For the gateway of another process, which has bounded the body.</summary>
    private static void MapCodecs(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder codecs = routes.MapGroup("").ExcludeFromDescription().WithMetadata(new DisableRequestSizeLimitAttribute());
        codecs.MapPost(HttpCodecService.TrainRoute, async (CodecTrainRequest request, ICodecService service, CancellationToken cancellationToken) =>
            Results.Json(await service.TrainAsync(request, cancellationToken), WireJson.Strict.CodecTrainResult));
        codecs.MapPost(HttpCodecService.EncodeRoute, async (CodecEncodeRequest request, ICodecService service, CancellationToken cancellationToken) =>
            Results.Json(await service.EncodeAsync(request, cancellationToken), WireJson.Strict.CodecEncodeResult));
        codecs.MapPost(HttpCodecService.DecodeRoute, async (CodecDecodeRequest request, ICodecService service, CancellationToken cancellationToken) =>
            Results.Json(await service.DecodeAsync(request, cancellationToken), WireJson.Strict.CodecDecodeResult));
        codecs.MapPost(HttpCodecService.DescribeRoute, async (CodecDescribeRequest request, ICodecService service, CancellationToken cancellationToken) =>
            Results.Json(await service.DescribeAsync(request, cancellationToken), WireJson.Strict.CodecDescription));
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
