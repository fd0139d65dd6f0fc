using System.Text.Json.Serialization.Metadata;
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
        .AddSingleton<TrainingQueue>()
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
        Map<CodecTrainRequest, CodecTrainResult>(codecs, HttpCodecService.TrainRoute, (service, request, cancel) => service.TrainAsync(request, cancel), WireJson.Strict.CodecTrainResult);
        Map<CodecEncodeRequest, CodecEncodeResult>(codecs, HttpCodecService.EncodeRoute, (service, request, cancel) => service.EncodeAsync(request, cancel), WireJson.Strict.CodecEncodeResult);
        Map<CodecDecodeRequest, CodecDecodeResult>(codecs, HttpCodecService.DecodeRoute, (service, request, cancel) => service.DecodeAsync(request, cancel), WireJson.Strict.CodecDecodeResult);
        Map<CodecDescribeRequest, CodecDescription>(codecs, HttpCodecService.DescribeRoute, (service, request, cancel) => service.DescribeAsync(request, cancel), WireJson.Strict.CodecDescription);
    }

    private static void Map<TRequest, TResult>(IEndpointRouteBuilder routes, string route, Func<ICodecService, TRequest, CancellationToken, Task<TResult>> call, JsonTypeInfo<TResult> written) where TRequest : class =>
        routes.MapPost(route, async (TRequest request, ICodecService service, CancellationToken cancellationToken) => Results.Json(await call(service, request, cancellationToken), written));

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
