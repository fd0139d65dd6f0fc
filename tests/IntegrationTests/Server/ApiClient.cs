using System.Net;
using System.Text;
using System.Text.Json;

namespace Retrieval.IntegrationTests.Server;

/// <summary>The API as any HTTP client sees it: paths and JSON text, none of the program's own types.</summary>
internal sealed class ApiClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(90) };

    public HttpClient Http => _http;

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PutAsync(string path) => SendAsync(HttpMethod.Put, path, null);

    public Task<Answer> PutJsonAsync(string path, string json) => SendAsync(HttpMethod.Put, path, Json(json));

    public Task<Answer> PostJsonAsync(string path, string json) => SendAsync(HttpMethod.Post, path, Json(json));

    public Task<Answer> PutTextAsync(string path, string text, string mediaType = "text/plain") => SendAsync(HttpMethod.Put, path, new StringContent(text, Encoding.UTF8, mediaType));

    public Task<Answer> SearchAsync(string collection, object request) => PostJsonAsync($"/v1/collections/{collection}/search", JsonSerializer.Serialize(request));

    public Task<Answer> BulkAsync(string collection, params IEnumerable<string> lines) =>
        SendAsync(HttpMethod.Post, $"/v1/collections/{collection}/documents?wait=true", Lines(lines));

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using HttpRequestMessage request = new(method, path) { Content = content };
        using HttpResponseMessage response = await _http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    /// <summary>A new collection of its own for a test.</summary>
    public async Task<string> NewCollectionAsync(string json = "{}")
    {
        string name = $"c{Guid.CreateVersion7():N}";
        (await PutJsonAsync($"/v1/collections/{name}", json)).ShouldBe(HttpStatusCode.Created);
        return name;
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public static StringContent Lines(IEnumerable<string> lines) => new(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson");

    public void Dispose() => _http.Dispose();
}
