using System.Net.Http.Json;

namespace Retrieval.Contracts;

/// <summary>A Compression role in another process.</summary>
/// <param name="client">Its BaseAddress is the role's URL.</param>
public sealed class HttpCompressor(HttpClient client) : ICompressor
{
    /// <summary>Route of the role.</summary>
    public const string Route = "/internal/compress";

    /// <inheritdoc/>
    public async Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, Route) { Content = JsonContent.Create(request, WireJson.Strict.CompressRequest) };
        using HttpResponseMessage response = await ProblemBody.SendAsync(client, message, cancellationToken).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync(WireJson.Lenient.CompressResult, cancellationToken).ConfigureAwait(false))!;
    }
}
