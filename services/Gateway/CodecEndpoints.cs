using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary><c>POST /v1/codecs/…</c>: codecs for a caller's own vectors; nothing is kept.</summary>
internal static class CodecEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "train", (codecs, request, cancel) => codecs.TrainAsync(request, cancel), WireJson.Strict.CodecTrainRequest, WireJson.Strict.CodecTrainResult)
            .WithSummary("Train a codec from vectors").Problems(400, 413, 415, 429);
        Map(routes, "encode", (codecs, request, cancel) => codecs.EncodeAsync(request, cancel), WireJson.Strict.CodecEncodeRequest, WireJson.Strict.CodecEncodeResult)
            .WithSummary("Code vectors with a trained codec").Problems(400, 413, 415);
        Map(routes, "decode", (codecs, request, cancel) => codecs.DecodeAsync(request, cancel), WireJson.Strict.CodecDecodeRequest, WireJson.Strict.CodecDecodeResult)
            .WithSummary("Decode codes to vectors").Problems(400, 413, 415);
        Map(routes, "describe", (codecs, request, cancel) => codecs.DescribeAsync(request, cancel), WireJson.Strict.CodecDescribeRequest, WireJson.Strict.CodecDescription)
            .WithSummary("Describe a trained codec").Problems(400, 413, 415);
    }

    private static RouteHandlerBuilder Map<TRequest, TResult>(IEndpointRouteBuilder routes, string step, Func<ICodecService, TRequest, CancellationToken, Task<TResult>> call,
        JsonTypeInfo<TRequest> read, JsonTypeInfo<TResult> written) where TRequest : class =>
        routes.MapPost($"/v1/codecs/{step}", async (HttpRequest request, ICodecService codecs, GatewayOptions options, CancellationToken cancellationToken) =>
            Results.Json(await call(codecs, await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, read, cancellationToken), cancellationToken), written))
        .Accepts<TRequest>("application/json").Produces<TResult>();
}
