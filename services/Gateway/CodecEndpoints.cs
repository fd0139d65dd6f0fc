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
        routes.MapPost("/v1/codecs/train", async (HttpRequest request, ICodecService codecs, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                CodecTrainRequest training = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.CodecTrainRequest, cancellationToken);
                return Results.Json(await codecs.TrainAsync(training, cancellationToken), WireJson.Strict.CodecTrainResult);
            })
            .WithSummary("Train a codec from vectors").Accepts<CodecTrainRequest>("application/json").Produces<CodecTrainResult>().Problems(400, 413, 415);
        routes.MapPost("/v1/codecs/encode", async (HttpRequest request, ICodecService codecs, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                CodecEncodeRequest vectors = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.CodecEncodeRequest, cancellationToken);
                return Results.Json(await codecs.EncodeAsync(vectors, cancellationToken), WireJson.Strict.CodecEncodeResult);
            })
            .WithSummary("Code vectors with a trained codec").Accepts<CodecEncodeRequest>("application/json").Produces<CodecEncodeResult>().Problems(400, 413, 415);
        routes.MapPost("/v1/codecs/decode", async (HttpRequest request, ICodecService codecs, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                CodecDecodeRequest codes = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.CodecDecodeRequest, cancellationToken);
                return Results.Json(await codecs.DecodeAsync(codes, cancellationToken), WireJson.Strict.CodecDecodeResult);
            })
            .WithSummary("Decode codes to vectors").Accepts<CodecDecodeRequest>("application/json").Produces<CodecDecodeResult>().Problems(400, 413, 415);
        routes.MapPost("/v1/codecs/describe", async (HttpRequest request, ICodecService codecs, GatewayOptions options, CancellationToken cancellationToken) =>
            {
                CodecDescribeRequest state = await RequestBody.ReadJsonAsync(request, options.MaxDocumentBytes, WireJson.Strict.CodecDescribeRequest, cancellationToken);
                return Results.Json(await codecs.DescribeAsync(state, cancellationToken), WireJson.Strict.CodecDescription);
            })
            .WithSummary("Describe a trained codec").Accepts<CodecDescribeRequest>("application/json").Produces<CodecDescription>().Problems(400, 413, 415);
    }
}
