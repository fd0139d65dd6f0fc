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

    /// <summary>Sends a file and waits until it can be found or has failed.</summary>
    public Task<StatusInfo> PutFileAsync(string collection, string id, byte[] file, string mediaType, string metadata, CancellationToken cancellationToken)
    {
        ByteArrayContent content = new(file);
        content.Headers.ContentType = new(mediaType);
        return SendAsync(HttpMethod.Put, $"{Document(collection, id)}?wait=true&metadata={Uri.EscapeDataString(metadata)}", content, Wire.StatusInfo, cancellationToken);
    }

    /// <summary>Removes a document and waits until it is gone.</summary>
    public Task<StatusInfo> DeleteAsync(string collection, string id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Document(collection, id)}?wait=true", null, Wire.StatusInfo, cancellationToken);

    /// <summary>A page of the documents of a folder source.</summary>
    public Task<DocumentList> ListAsync(string collection, string source, string? after, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get,
        $"/v1/collections/{Uri.EscapeDataString(collection)}/documents?limit=1000&source={Uri.EscapeDataString(source)}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", null, Wire.DocumentList, cancellationToken);

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

    public Task<JobList> JobsAsync(string query, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, $"/v1/jobs{query}", null, Wire.JobList, cancellationToken);

    public Task<StatusInfo> JobAsync(string job, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, $"/v1/jobs/{Uri.EscapeDataString(job)}", null, Wire.StatusInfo, cancellationToken);

    public Task<DeadLetterList> DeadLettersAsync(string query, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, $"/v1/dead-letters{query}", null, Wire.DeadLetterList, cancellationToken);

    public Task<DeadLetterInfo> DeadLetterAsync(string job, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, $"/v1/dead-letters/{Uri.EscapeDataString(job)}", null, Wire.DeadLetterInfo, cancellationToken);

    public Task<StatusInfo> ReplayAsync(string job, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"/v1/dead-letters/{Uri.EscapeDataString(job)}/replay", null, Wire.StatusInfo, cancellationToken);

    public Task<ReplayedInfo> ReplayAllAsync(string query, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"/v1/dead-letters/replay{query}", null, Wire.ReplayedInfo, cancellationToken);

    public async Task DropAsync(string job, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Delete, $"/v1/dead-letters/{Uri.EscapeDataString(job)}");
        (await ProblemBody.SendAsync(http, message, cancellationToken)).Dispose();
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(method, path) { Content = content };
        using HttpResponseMessage response = await ProblemBody.SendAsync(http, message, cancellationToken);
        return (await response.Content.ReadFromJsonAsync(type, cancellationToken))!;
    }

    private static string Document(string collection, string id) => $"/v1/collections/{Uri.EscapeDataString(collection)}/documents/{Uri.EscapeDataString(id)}";

    public void Dispose() => http.Dispose();
}
