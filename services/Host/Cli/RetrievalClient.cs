using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Contracts;
using Retrieval.Vectors;

namespace Retrieval.Host.Cli;

/// <summary>The API as the command line uses it.</summary>
internal sealed class RetrievalClient(HttpClient http) : IDisposable
{
    private static readonly WireJson Wire = WireJson.Lenient;

    public Uri Address => http.BaseAddress!;

    /// <summary>False when nobody answers or the server is still starting.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync("/readyz", cancellationToken);
            return response.IsSuccessStatusCode && (await response.Content.ReadFromJsonAsync(Wire.HealthInfo, cancellationToken))?.Status == "ready";
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<CollectionInfo>> CollectionsAsync(CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Get, "/v1/collections", null, Wire.CollectionList, cancellationToken)).Collections;

    public Task<CollectionInfo> PutCollectionAsync(string collection, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"/v1/collections/{Uri.EscapeDataString(collection)}", null, Wire.CollectionInfo, cancellationToken);

    public Task<CollectionInfo> CollectionAsync(string collection, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, $"/v1/collections/{Uri.EscapeDataString(collection)}", null, Wire.CollectionInfo, cancellationToken);

    public Task<CollectionInfo> PutCodecAsync(string collection, string codec, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"/v1/collections/{Uri.EscapeDataString(collection)}", JsonContent.Create(new CollectionInput { Codec = codec }, WireJson.Strict.CollectionInput), Wire.CollectionInfo, cancellationToken);

    /// <summary>Vectors of a collection, spread evenly over it.</summary>
    public async Task<NpyFormat> VectorsAsync(string collection, int sample, int seed, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, $"/v1/collections/{Uri.EscapeDataString(collection)}/vectors?sample={sample}&seed={seed}");
        using HttpResponseMessage response = await ProblemBody.SendAsync(http, message, cancellationToken);
        await using Stream content = await response.Content.ReadAsStreamAsync(cancellationToken);
        return NpyFormat.Read(content);
    }

    public Task<QuestionSample> QuestionsAsync(string collection, int sample, int seed, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, $"/v1/collections/{Uri.EscapeDataString(collection)}/questions?sample={sample}&seed={seed}", null, Wire.QuestionSample, cancellationToken);

    public Task<QuestionVectors> EncodeQuestionsAsync(string collection, IReadOnlyList<string> questions, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"/v1/collections/{Uri.EscapeDataString(collection)}/questions", JsonContent.Create(new QuestionInput(questions), WireJson.Strict.QuestionInput), Wire.QuestionVectors, cancellationToken);

    public Task<SearchResponse> SearchAsync(string collection, SearchRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"/v1/collections/{Uri.EscapeDataString(collection)}/search", JsonContent.Create(request, WireJson.Strict.SearchRequest), Wire.SearchResponse, cancellationToken);

    /// <summary>Sends a text and waits until it can be found or has failed.</summary>
    public Task<StatusInfo> PutTextAsync(string collection, string id, byte[] text, string mediaType, CancellationToken cancellationToken)
    {
        ByteArrayContent content = new(text);
        content.Headers.ContentType = new(mediaType);
        return SendAsync(HttpMethod.Put, $"/v1/collections/{Uri.EscapeDataString(collection)}/documents/{Uri.EscapeDataString(id)}?wait=true", content, Wire.StatusInfo, cancellationToken);
    }

    /// <summary>Sends NDJSON lines; each verdict comes when its document can be found or has failed.</summary>
    public async IAsyncEnumerable<BulkVerdict> BulkAsync(string collection, IEnumerable<string> lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, $"/v1/collections/{Uri.EscapeDataString(collection)}/documents?wait=true")
        {
            Content = new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson"),
        };
        using HttpResponseMessage response = await ProblemBody.SendAsync(http, message, cancellationToken);
        using StreamReader answer = new(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await answer.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return JsonSerializer.Deserialize(line, Wire.BulkVerdict)!;
        }
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(method, path) { Content = content };
        using HttpResponseMessage response = await ProblemBody.SendAsync(http, message, cancellationToken);
        return (await response.Content.ReadFromJsonAsync(type, cancellationToken))!;
    }

    public void Dispose() => http.Dispose();
}
