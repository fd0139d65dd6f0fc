using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace Retrieval.Contracts;

/// <summary>A Compression role in another process.</summary>
/// <param name="client">Its BaseAddress is the role's URL.</param>
public sealed class HttpCodecService(HttpClient client) : ICodecService
{
    /// <summary>Routes of the role.</summary>
    public const string TrainRoute = "/internal/codecs/service/train", EncodeRoute = "/internal/codecs/service/encode", DecodeRoute = "/internal/codecs/service/decode", DescribeRoute = "/internal/codecs/service/describe";

    /// <inheritdoc/>
    public Task<CodecTrainResult> TrainAsync(CodecTrainRequest request, CancellationToken cancellationToken) =>
        PostAsync(TrainRoute, request, WireJson.Strict.CodecTrainRequest, WireJson.Lenient.CodecTrainResult, cancellationToken);

    /// <inheritdoc/>
    public Task<CodecEncodeResult> EncodeAsync(CodecEncodeRequest request, CancellationToken cancellationToken) =>
        PostAsync(EncodeRoute, request, WireJson.Strict.CodecEncodeRequest, WireJson.Lenient.CodecEncodeResult, cancellationToken);

    /// <inheritdoc/>
    public Task<CodecDecodeResult> DecodeAsync(CodecDecodeRequest request, CancellationToken cancellationToken) =>
        PostAsync(DecodeRoute, request, WireJson.Strict.CodecDecodeRequest, WireJson.Lenient.CodecDecodeResult, cancellationToken);

    /// <inheritdoc/>
    public Task<CodecDescription> DescribeAsync(CodecDescribeRequest request, CancellationToken cancellationToken) =>
        PostAsync(DescribeRoute, request, WireJson.Strict.CodecDescribeRequest, WireJson.Lenient.CodecDescription, cancellationToken);

    private async Task<TResult> PostAsync<TRequest, TResult>(string route, TRequest request, JsonTypeInfo<TRequest> sent, JsonTypeInfo<TResult> read, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, route) { Content = JsonContent.Create(request, sent) };
        using HttpResponseMessage response = await ProblemBody.SendAsync(client, message, cancellationToken).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync(read, cancellationToken).ConfigureAwait(false))!;
    }
}
