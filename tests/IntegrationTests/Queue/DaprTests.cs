using System.Net;
using System.Text.Json.Nodes;
using Retrieval.Contracts;
using Retrieval.Host;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Queue;

public sealed class DaprTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Settings_come_from_the_sidecars_stores_and_changes_from_its_topics_with_a_verdict_each()
    {
        int port = Ports.Free();
        await using SidecarStandIn sidecar = await StartAsync(new Uri($"http://127.0.0.1:{port}"));
        await using ServerProcess server = ServerProcess.Start(_folder.Path, port, "--Dapr:Address", sidecar.Address, "--Dapr:ApiToken", "ours", "--Dapr:SecretStore", "vault", "--Dapr:ConfigurationStore", "settings",
            "--Dapr:PubSub", "messages", "--Dapr:DeadLetterTopic", "refused");
        await server.ReadyAsync();
        sidecar.Asked.ShouldContain(("/v1.0/configuration/settings", "ours"));
        sidecar.Asked.ShouldContain(("/v1.0/secrets/vault/bulk", "ours"));
        (await server.Api.PutAsync("/v1/collections/c")).ShouldBe(HttpStatusCode.Created);
        (await server.Api.SearchAsync("c", new { query = "heron", top = 8 })).ShouldBeProblem(400, "Invalid", "top").String("limit")!.ShouldContain("7"); // the configuration store's

        Dictionary<string, string> routes = await sidecar.SubscribeAsync();
        routes.Keys.Order().ShouldBe(["retrieval-documents", "retrieval-documents-bulk"]);
        foreach ((string topic, string route) in routes)
        {
            string id = topic.EndsWith("bulk", StringComparison.Ordinal) ? "b" : "a";
            (await sidecar.DeliverAsync(route, topic, Upsert(id, $"The heron of {id} eats fish.", 3))).ShouldBe("SUCCESS");
            (await sidecar.DeliverAsync(route, topic, Upsert(id, $"The heron of {id} eats fish.", 3))).ShouldBe("SUCCESS", "a message may come twice");
            (await sidecar.DeliverAsync(route, topic, Upsert(id, "An older text.", 2))).ShouldBe("SUCCESS");
            await IndexedAsync(server, id, $"The heron of {id} eats fish.");
            (await server.Api.GetAsync($"/v1/collections/c/documents/{id}")).Json.Int("generation").ShouldBe(1);
        }
        string one = routes["retrieval-documents"];
        (await sidecar.PostAsync(one, Upsert("raw", "Without an envelope.", 1).ToJsonString(), "application/json")).ShouldBe("SUCCESS");
        await IndexedAsync(server, "raw", "Without an envelope.");
        (await sidecar.DeliverAsync(one, "retrieval-documents", Upsert("x", "text", null))).ShouldBe("DROP");
        (await sidecar.DeliverAsync(one, "retrieval-documents", JsonValue.Create(7))).ShouldBe("DROP");
        (await sidecar.PostAsync(one, "not json", "application/cloudevents+json")).ShouldBe("DROP");
        (await sidecar.PostAsync(one, Upsert("y", "text", 1).ToJsonString(), "application/json", token: "another")).ShouldBe("401");
        await server.Process.WaitForAsync("A document change from Dapr was dropped");
        (await server.Api.GetAsync("/v1/jobs?collection=c")).Json.GetProperty("jobs").GetArrayLength().ShouldBe(7);
    }

    [Fact]
    public async Task Too_much_that_is_open_is_a_retry_and_not_a_loss()
    {
        int port = Ports.Free();
        // The encoder is away, so that what was accepted stays open.
        await using ServerProcess server = ServerProcess.Start(_folder.Path, port, "--Dapr:PubSub", "messages");
        await server.ReadyAsync();
        (await server.Api.PutAsync("/v1/collections/c")).ShouldBe(HttpStatusCode.Created);
        server.Process.Terminate();
        (await server.Process.ExitAsync()).Code.ShouldBe(0);

        await using ServerProcess full = ServerProcess.Start(_folder.Path, port, "--Dapr:PubSub", "messages", "--Gateway:MaxOpenJobs", "1", "--Queue:Transport", "rabbitmq", "--Queue:Url", $"amqp://127.0.0.1:{Ports.Free()}/");
        await full.ReadyAsync();
        await using SidecarStandIn sidecar = await SidecarStandIn.StartAsync(full.Address, null, [], []);
        string route = (await sidecar.SubscribeAsync())["retrieval-documents"];
        (await sidecar.DeliverAsync(route, "retrieval-documents", Upsert("a", "text", 1))).ShouldBe("SUCCESS");
        (await sidecar.DeliverAsync(route, "retrieval-documents", Upsert("b", "text", 1))).ShouldBe("RETRY");
    }

    [Fact]
    public async Task A_store_that_does_not_answer_stops_the_start_with_the_reason_and_flags_win_over_stores()
    {
        await using SidecarStandIn sidecar = await StartAsync(new Uri("http://127.0.0.1:1"));
        KeyValuePair<string, string?> address = new("Dapr:Address", sidecar.Address), wait = new("Dapr:WaitSeconds", "0.2");
        RetrievalException wrong = Should.Throw<RetrievalException>(() => Settings.Load([address, wait, new("Dapr:SecretStore", "nowhere")]));
        wrong.Problem.Kind.ShouldBe(ErrorKind.Unavailable);
        wrong.Message.ShouldContain("/v1.0/secrets/nowhere/bulk");
        Should.Throw<RetrievalException>(() => Settings.Load([new("Dapr:Address", "http://127.0.0.1:1"), wait, new("Dapr:SecretStore", "vault")])).Problem.Field.ShouldBe("Dapr:Address");

        Settings settings = Settings.Load([address, wait, new("Dapr:SecretStore", "vault"), new("Dapr:ConfigurationStore", "settings"), new("Ingestion:MaxAttempts", "9")]);
        (settings.Gateway.MaxTop, settings.Ingestion.MaxAttempts, settings.Ingestion.RetrySeconds, settings.Dapr.AppToken).ShouldBe((7, 9, 3.5, "theirs"));
    }

    private static Task<SidecarStandIn> StartAsync(Uri app) => SidecarStandIn.StartAsync(app, "theirs",
        new JsonObject
        {
            ["RETRIEVAL__Gateway__MaxTop"] = new JsonObject { ["value"] = "7", ["version"] = "1", ["metadata"] = new JsonObject() },
            ["RETRIEVAL__Ingestion__MaxAttempts"] = new JsonObject { ["value"] = "4" },
            ["RETRIEVAL__Ingestion__RetrySeconds"] = new JsonObject { ["value"] = "1" },
            ["colour"] = new JsonObject { ["value"] = "red" },
        },
        new JsonObject
        {
            ["retrieval--Dapr--AppToken"] = new JsonObject { ["retrieval--Dapr--AppToken"] = "theirs" },
            ["ours"] = new JsonObject { ["RETRIEVAL__Ingestion__RetrySeconds"] = "3.5", ["password"] = "not ours" },
        });

    private static JsonObject Upsert(string id, string text, long? version)
    {
        JsonObject document = new() { ["id"] = id, ["text"] = text };
        if (version is not null)
        {
            document["version"] = version;
        }
        return new JsonObject { ["schema"] = 1, ["action"] = "upsert", ["collection"] = "c", ["document"] = document };
    }

    private static async Task IndexedAsync(ServerProcess server, string id, string text)
    {
        for (int polls = 0; await server.Api.GetAsync($"/v1/collections/c/documents/{id}") is var answer && !(answer.Status == 200 && answer.Json.String("status") is "indexed" or "superseded" && answer.Json.String("text") == text); polls++)
        {
            polls.ShouldBeLessThan(600, answer.Text);
            await Task.Delay(50);
        }
    }
}
