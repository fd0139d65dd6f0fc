using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace Retrieval.Contracts;

/// <summary>An Encoder role in another process.</summary>
/// <param name="client">Its BaseAddress is the role's URL.</param>
public sealed class HttpEncoder(HttpClient client) : IEncoder, ITokenizerFiles
{
    /// <summary>Routes of the role.</summary>
    public const string DescribeRoute = "/internal/encoder", EmbedRoute = "/internal/encoder/embed", EmbedTokensRoute = "/internal/encoder/embed-tokens", MatchRoute = "/internal/encoder/match", ScoreRoute = "/internal/encoder/score",
        ListRoute = "/internal/encoder/models", EmbedSparseRoute = "/internal/encoder/embed-sparse", ClassifyRoute = "/internal/encoder/classify", TokenizerRoute = "/internal/tokenizers/";

    /// <inheritdoc/>
    public Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, ListRoute, null, WireJson.Lenient.IReadOnlyListEncoderDescription, cancellationToken);

    /// <inheritdoc/>
    public Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, model is null ? DescribeRoute : $"{DescribeRoute}?model={Uri.EscapeDataString(model)}", null, WireJson.Lenient.EncoderDescription, cancellationToken);

    /// <inheritdoc/>
    public Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, EmbedRoute, JsonContent.Create(request, WireJson.Strict.EmbedRequest), WireJson.Lenient.EmbedResult, cancellationToken);

    /// <inheritdoc/>
    public Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, EmbedTokensRoute, JsonContent.Create(request, WireJson.Strict.EmbedRequest), WireJson.Lenient.EmbedTokensResult, cancellationToken);

    /// <inheritdoc/>
    public Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, MatchRoute, JsonContent.Create(request, WireJson.Strict.MatchRequest), WireJson.Lenient.MatchResult, cancellationToken);

    /// <inheritdoc/>
    public Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, EmbedSparseRoute, JsonContent.Create(request, WireJson.Strict.EmbedRequest), WireJson.Lenient.EmbedSparseResult, cancellationToken);

    /// <inheritdoc/>
    public Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, ClassifyRoute, JsonContent.Create(request, WireJson.Strict.ClassifyRequest), WireJson.Lenient.ClassifyResult, cancellationToken);

    /// <inheritdoc/>
    public Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, ScoreRoute, JsonContent.Create(request, WireJson.Strict.ScoreRequest), WireJson.Lenient.ScoreResult, cancellationToken);

    /// <inheritdoc/>
    public async Task<byte[]> ReadTokenizerAsync(string hash, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, TokenizerRoute + hash);
        using HttpResponseMessage response = await ProblemBody.SendAsync(client, message, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(method, path) { Content = content };
        using HttpResponseMessage response = await ProblemBody.SendAsync(client, message, cancellationToken).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false))!;
    }
}
