using System.Net;
using System.Text;
using System.Text.Json;
using MassTransit;
using RabbitMQ.Client;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Queue;

/// <summary>Changes from other programs over a real broker: with its own client, and with MassTransit.</summary>
public sealed class OutsideProducerTests(SharedBroker broker) : IClassFixture<SharedBroker>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plain_JSON_and_MassTransit_envelopes_become_documents_late_and_repeated_ones_change_nothing_and_what_cannot_be_read_is_put_aside_with_the_reason()
    {
        Assert.SkipUnless(BrokerNode.Missing is null, BrokerNode.Missing ?? "");
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Queue:Transport", "rabbitmq", "--Queue:Url", broker.Node.Url);
        await server.Process.WaitForAsync("Document changes are taken from exchange retrieval.documents");
        server.Process.Error.ShouldNotContain("guest:guest");
        (await server.Api.PutAsync("/v1/collections/out")).ShouldBe(HttpStatusCode.Created);
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(broker.Node.Url) }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), TestContext.Current.CancellationToken);

        await PublishAsync(channel, "bulk", Upsert("a", "The heron eats fish.", 3));
        await IsAsync(server, "a", "indexed", "The heron eats fish.");
        await SendWithMassTransitAsync("b", "The otter hunts at night.");
        await IsAsync(server, "b", "indexed", "The otter hunts at night.");

        await PublishAsync(channel, "interactive", Upsert("a", "An older text.", 2)); // late
        await PublishAsync(channel, "interactive", Upsert("a", "The heron eats fish.", 3)); // again
        await PublishAsync(channel, "interactive", """{"schema":1,"action":"delete","collection":"out","document":{"id":"never","version":5}}""");
        await PublishAsync(channel, "interactive", Upsert("never", "It was removed before it came.", 4));
        await PublishAsync(channel, "interactive", """{"schema":1,"action":"delete","collection":"out","document":{"id":"b"},"timestamp":"2100-01-01T00:00:00Z"}""");
        await EventuallyAsync(async () => (await server.Api.GetAsync("/v1/collections/out/documents/b")).Status == 404, "the removal of b");
        JsonElement[] jobs = await JobsAsync(server, 7);
        jobs.Count(j => j.String("status") == "superseded").ShouldBe(3);
        (await server.Api.GetAsync("/v1/collections/out/documents/a")).Json.String("text").ShouldBe("The heron eats fish.");
        (await server.Api.GetAsync("/v1/collections/out/documents/a")).Json.Int("generation").ShouldBe(1);
        (await server.Api.GetAsync("/v1/collections/out/documents/never")).ShouldBeProblem(404, "NotFound");

        foreach ((string body, string reason) in ((string, string)[])
        [
            ("not json", "not JSON"), (Upsert("c", "text", 1).Replace("\"out\"", "\"nowhere\"", StringComparison.Ordinal), "nowhere"),
            (Upsert("c", "text", 1).Replace("\"schema\":1", "\"schema\":2", StringComparison.Ordinal), "Schema 2"), (Upsert("c", "  ", 1), "no text"),
            ("""{"schema":1,"action":"upsert","collection":"out","document":{"id":"c","text":"x"}}""", "neither document.version nor timestamp"),
            ("""{"schema":1,"action":"upsert","collection":"out","document":{"id":"c","text":"x","version":1},"colour":"red"}""", "colour"),
        ])
        {
            await PublishAsync(channel, "interactive", body);
            BasicGetResult refused = await RefusedAsync(channel);
            Encoding.UTF8.GetString(refused.Body.Span).ShouldBe(body);
            Encoding.UTF8.GetString((byte[])refused.BasicProperties.Headers!["retrieval-reason"]!).ShouldContain(reason);
        }
        (await JobsAsync(server, 7)).Length.ShouldBe(7);
    }

    private static string Upsert(string id, string text, long version) =>
        $$"""{"schema":1,"action":"upsert","collection":"out","document":{"id":"{{id}}","text":"{{text}}","version":{{version}} } }""";

    private static async Task PublishAsync(IChannel channel, string key, string body) => await channel.BasicPublishAsync("retrieval.documents", key, mandatory: true,
        new BasicProperties { ContentType = "application/json", Persistent = true }, Encoding.UTF8.GetBytes(body), TestContext.Current.CancellationToken);

    /// <summary>As a MassTransit program does it, with a record of its own.</summary>
    private async Task SendWithMassTransitAsync(string id, string text)
    {
        IBusControl bus = Bus.Factory.CreateUsingRabbitMq(configure => configure.Host(new Uri(broker.Node.Url.Replace("amqp", "rabbitmq", StringComparison.Ordinal))));
        await bus.StartAsync(TestContext.Current.CancellationToken);
        try
        {
            ISendEndpoint endpoint = await bus.GetSendEndpoint(new Uri("exchange:retrieval.documents?type=direct"));
            await endpoint.Send(new TheirChange(1, "upsert", "out", new TheirDocument(id, text), new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero)), send => send.SetRoutingKey("interactive"), TestContext.Current.CancellationToken);
        }
        finally
        {
            await bus.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<BasicGetResult> RefusedAsync(IChannel channel)
    {
        BasicGetResult? refused = null;
        await EventuallyAsync(async () => (refused = await channel.BasicGetAsync("retrieval.documents.refused", true, TestContext.Current.CancellationToken)) is not null, "a refused message");
        return refused!;
    }

    private static async Task<JsonElement[]> JobsAsync(ServerProcess server, int count)
    {
        JsonElement[] jobs = [];
        await EventuallyAsync(async () => (jobs = [.. (await server.Api.GetAsync("/v1/jobs?collection=out")).Json.GetProperty("jobs").EnumerateArray()]).Length >= count
            && jobs.All(j => j.String("status") is not ("accepted" or "processing")), $"{count} finished jobs");
        return jobs;
    }

    private static Task IsAsync(ServerProcess server, string id, string status, string text) => EventuallyAsync(async () =>
        (await server.Api.GetAsync($"/v1/collections/out/documents/{id}")) is { Status: 200 } answer && answer.Json.String("status") == status && answer.Json.String("text") == text, $"{id} is {status}");

    private static async Task EventuallyAsync(Func<Task<bool>> holds, string what)
    {
        for (int polls = 0; !await holds(); polls++)
        {
            polls.ShouldBeLessThan(600, what);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}

public sealed record TheirDocument(string Id, string Text);

public sealed record TheirChange(int Schema, string Action, string Collection, TheirDocument Document, DateTimeOffset Timestamp);
