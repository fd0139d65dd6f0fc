using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Api;

public sealed class EventTests(OneStreamServer server) : IClassFixture<OneStreamServer>
{
    [Fact]
    public async Task A_jobs_events_are_its_timeline_with_durations_and_end_with_its_status()
    {
        string collection = await server.Api.NewCollectionAsync();
        Answer accepted = await server.Api.PutTextAsync($"/v1/collections/{collection}/documents/d", "The heron eats fish. The otter hunts at night.");
        List<(string Type, JsonElement Data)> events = await ReadAsync($"{accepted.Location}/events");
        events.SkipLast(1).ShouldAllBe(e => e.Type == "step");
        events.SkipLast(1).Select(e => e.Data.String("step")).ShouldBe(["accepted", "processing", "read", "chunked", "encoded", "stored", "indexed"]);
        events.Where(e => e.Data.String("step") is "read" or "chunked" or "encoded" or "stored").ShouldAllBe(e => e.Data.GetProperty("milliseconds").GetDouble() >= 0);
        (events[^1].Type, events[^1].Data.String("status")).ShouldBe(("end", "indexed"));
        (await server.Api.GetAsync($"/v1/jobs/{Guid.CreateVersion7()}/events")).ShouldBeProblem(404, "NotFound", "job");
    }

    [Fact]
    public async Task A_bulk_loads_events_count_its_documents_and_end_when_nothing_is_open()
    {
        string collection = await server.Api.NewCollectionAsync();
        using StringContent body = ApiClient.Lines(Enumerable.Range(0, 60).Select(i => $$"""{"id":"d{{i}}","text":"The lamp of number {{i}} is here."}"""));
        Answer answer = (await server.Api.SendAsync(HttpMethod.Post, $"/v1/collections/{collection}/documents", body)).ShouldBe(HttpStatusCode.OK);
        List<(string Type, JsonElement Data)> events = await ReadAsync($"{answer.Location}/events");
        events.SkipLast(1).ShouldAllBe(e => e.Type == "progress");
        (events[^1].Type, events[^1].Data.Int("indexed"), events[^1].Data.Int("accepted"), events[^1].Data.GetProperty("isFinished").GetBoolean()).ShouldBe(("end", 60, 0, true));
        (await server.Api.GetAsync($"{answer.Location}")).ShouldBe(HttpStatusCode.OK).Json.Int("indexed").ShouldBe(60);
        (await server.Api.GetAsync($"/v1/loads/{Guid.CreateVersion7()}")).ShouldBeProblem(404, "NotFound", "load");
    }

    [Fact]
    public async Task A_collections_events_go_on_as_long_as_the_client_stays_and_only_so_many_streams_are_open_at_once()
    {
        string collection = await server.Api.NewCollectionAsync();
        await using IAsyncEnumerator<(string Type, JsonElement Data)> stream = StreamAsync($"/v1/collections/{collection}/events").GetAsyncEnumerator();
        (await stream.MoveNextAsync()).ShouldBeTrue();
        stream.Current.Data.Int("documents").ShouldBe(0);
        Answer refused = await server.Api.GetAsync($"/v1/collections/{collection}/events");
        refused.ShouldBeProblem(429, "Overloaded");
        await server.Api.PutTextAsync($"/v1/collections/{collection}/documents/d?wait=true", "The heron eats fish.");
        while (stream.Current.Data.Int("documents") == 0)
        {
            (await stream.MoveNextAsync()).ShouldBeTrue();
        }
        stream.Current.Data.Int("seq").ShouldBe(1);
    }

    private async Task<List<(string Type, JsonElement Data)>> ReadAsync(string path)
    {
        List<(string, JsonElement)> events = [];
        await foreach ((string Type, JsonElement Data) item in StreamAsync(path))
        {
            events.Add(item);
        }
        return events;
    }

    private async IAsyncEnumerable<(string Type, JsonElement Data)> StreamAsync(string path)
    {
        using HttpResponseMessage response = await TakeAsync(path);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        await using Stream body = await response.Content.ReadAsStreamAsync();
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync())
        {
            yield return (item.EventType, JsonDocument.Parse(item.Data).RootElement);
        }
    }

    /// <summary>A stream that was left is noticed a little later.</summary>
    private async Task<HttpResponseMessage> TakeAsync(string path)
    {
        for (int tries = 0; ; tries++)
        {
            HttpResponseMessage response = await server.Api.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode != HttpStatusCode.TooManyRequests || tries == 100)
            {
                return response;
            }
            response.Dispose();
            await Task.Delay(100);
        }
    }
}

/// <summary>One stream at once, and no more.</summary>
public sealed class OneStreamServer : InProcessServer
{
    protected override IEnumerable<KeyValuePair<string, string?>> More => [new("Gateway:MaxEventStreams", "1")];
}
