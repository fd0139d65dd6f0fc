using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Retrieval.IntegrationTests.Queue;

/// <summary>
/// The part of a Dapr sidecar's HTTP API that is used here, as its reference documents it, behind a real socket. Towards the program it does what the sidecar does: asks for subscriptions, posts
/// CloudEvents, and follows the verdict. No sidecar of Dapr itself is run by these tests: neither Debian nor npm has one.
/// </summary>
internal sealed class SidecarStandIn : IAsyncDisposable
{
    private readonly WebApplication _api;
    private readonly HttpClient _app;
    private readonly string? _appToken;

    private SidecarStandIn(WebApplication api, Uri app, string? appToken) => (_api, _app, _appToken) = (api, new HttpClient { BaseAddress = app }, appToken);

    public string Address => _api.Urls.First();

    /// <summary>What was asked of it, with the token that came along.</summary>
    public ConcurrentQueue<(string Path, string Token)> Asked { get; } = new();

    public static async Task<SidecarStandIn> StartAsync(Uri app, string? appToken, JsonObject configuration, JsonObject secrets)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication api = builder.Build();
        SidecarStandIn sidecar = new(api, app, appToken);
        api.Use((context, next) =>
        {
            sidecar.Asked.Enqueue((context.Request.Path, context.Request.Headers["dapr-api-token"].ToString()));
            return next(context);
        });
        api.MapGet("/v1.0/configuration/{store}", (string store) => store == "settings" ? Results.Text(configuration.ToJsonString(), "application/json")
            : Results.Text("""{"errorCode":"ERR_CONFIGURATION_STORE_NOT_FOUND","message":"error configuration stores not found"}""", "application/json", statusCode: 400));
        api.MapGet("/v1.0/secrets/{store}/bulk", (string store) => store == "vault" ? Results.Text(secrets.ToJsonString(), "application/json")
            : Results.Text("""{"errorCode":"ERR_SECRET_STORE_NOT_FOUND","message":"failed finding secret store"}""", "application/json", statusCode: 401));
        await api.StartAsync();
        return sidecar;
    }

    /// <summary>The program's subscriptions: topic to route.</summary>
    public async Task<Dictionary<string, string>> SubscribeAsync()
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, "/dapr/subscribe", null);
        using HttpResponseMessage response = await _app.SendAsync(request);
        response.EnsureSuccessStatusCode();
        JsonElement subscriptions = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return subscriptions.EnumerateArray().ToDictionary(s => s.GetProperty("topic").GetString()!, s => s.GetProperty("route").GetString()!);
    }

    /// <summary>Delivers data as a CloudEvent, as the sidecar wraps what a publisher sends; returns the verdict.</summary>
    public async Task<string> DeliverAsync(string route, string topic, JsonNode data)
    {
        JsonObject cloudEvent = new()
        {
            ["specversion"] = "1.0", ["id"] = $"{Guid.CreateVersion7()}", ["source"] = "another-program", ["type"] = "com.dapr.event.sent", ["datacontenttype"] = "application/json",
            ["pubsubname"] = "messages", ["topic"] = topic, ["time"] = "2026-11-25T00:00:00Z", ["data"] = data,
        };
        return await PostAsync(route, cloudEvent.ToJsonString(), "application/cloudevents+json");
    }

    /// <summary>Delivers a body as it is; returns the verdict, or the status code where there is none.</summary>
    public async Task<string> PostAsync(string route, string body, string mediaType, string? token = null)
    {
        using HttpRequestMessage request = Request(HttpMethod.Post, route, token);
        request.Content = new StringContent(body, Encoding.UTF8);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using HttpResponseMessage response = await _app.SendAsync(request);
        string answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonDocument.Parse(answer).RootElement.GetProperty("status").GetString()! : $"{(int)response.StatusCode}";
    }

    public async ValueTask DisposeAsync()
    {
        _app.Dispose();
        await _api.StopAsync();
        await _api.DisposeAsync();
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? token)
    {
        HttpRequestMessage request = new(method, path);
        if ((token ?? _appToken) is { } given)
        {
            request.Headers.Add("dapr-api-token", given);
        }
        return request;
    }
}
