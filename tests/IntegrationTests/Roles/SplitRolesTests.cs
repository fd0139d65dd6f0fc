using System.Diagnostics;
using System.Net;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Roles;

/// <summary>The encoder in a process of its own, the other roles in another one.</summary>
public sealed class SplitRolesTests : IDisposable
{
    private static readonly string[] Lines = [.. File.ReadLines(TestData.InRepository("infra", "sample", "documents.ndjson")).Take(40)];
    private static readonly string[] Questions = [.. File.ReadLines(TestData.InRepository("infra", "sample", "questions.txt"))];

    private readonly TempFolder _folder = new(), _encoderFolder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _encoderFolder.Dispose();
    }

    [Fact]
    public async Task Search_answers_are_the_same_as_from_one_process_to_the_last_bit()
    {
        int port = Ports.Free();
        List<string> split;
        await using (ServerProcess gateway = StartGateway(port), encoder = StartEncoder(port))
        {
            await gateway.ReadyAsync();
            await encoder.ReadyAsync();
            split = await AnswersAsync(gateway.Api, encoder.Api);
        }
        using TempFolder folder = new();
        await using ServerProcess single = await ServerProcess.StartAsync(folder.Path);
        (await AnswersAsync(single.Api, single.Api)).ShouldBe(split);
    }

    [Fact]
    public async Task The_gateway_may_start_first_waits_and_survives_the_encoders_absence()
    {
        int port = Ports.Free();
        await using ServerProcess gateway = StartGateway(port);
        await ListensAsync(gateway);
        Answer waiting = await gateway.Api.GetAsync("/readyz");
        (waiting.Status, waiting.Text).ShouldBe((503, """{"status":"starting","waiting":["encoder"]}"""));
        (await gateway.Api.GetAsync("/healthz")).ShouldBe(HttpStatusCode.OK);
        Answer refused = await gateway.Api.GetAsync("/v1/collections");
        refused.ShouldBeProblem(503, "Unavailable").GetProperty("detail").GetString()!.ShouldContain("encoder");
        refused.RetryAfter.ShouldNotBeNull();
        await gateway.Process.WaitForAsync($"Role Encoder at http://127.0.0.1:{port} does not answer yet");

        await using (ServerProcess encoder = StartEncoder(port))
        {
            await gateway.ReadyAsync();
            (await gateway.Api.PutAsync("/v1/collections/c")).ShouldBe(HttpStatusCode.Created);
            (await gateway.Api.PutTextAsync("/v1/collections/c/documents/a?wait=true", "A lamp.")).ShouldBe(HttpStatusCode.OK);
            await encoder.Process.KillAsync();
        }
        (await gateway.Api.SearchAsync("c", new { query = "lamp" })).ShouldBeProblem(503, "Unavailable").GetProperty("detail").GetString()!.ShouldContain($"{port}");
        (await gateway.Api.SearchAsync("c", new { query = "lamp", mode = "lexical" })).ShouldBe(HttpStatusCode.OK);
        Answer accepted = (await gateway.Api.PutTextAsync("/v1/collections/c/documents/b", "A ladder.")).ShouldBe(HttpStatusCode.Accepted);

        await using ServerProcess again = StartEncoder(port);
        await again.ReadyAsync();
        (await gateway.Api.SearchAsync("c", new { query = "lamp" })).ShouldBe(HttpStatusCode.OK);
        for (int i = 0; i < 300 && (await gateway.Api.GetAsync(accepted.Location!.OriginalString)).Json.String("status") != "indexed"; i++)
        {
            await Task.Delay(100);
        }
        (await gateway.Api.GetAsync(accepted.Location!.OriginalString)).Json.String("status").ShouldBe("indexed");
    }

    [Fact]
    public async Task The_gateway_answers_for_codecs_that_another_process_trains()
    {
        int port = Ports.Free();
        string peer = $"http://127.0.0.1:{port}", state;
        await using ServerProcess gateway = ServerProcess.Start(_folder.Path, Ports.Free(), "--roles", "gateway,ingestion", "--Peers:Encoder:Urls:0", peer, "--Peers:Compression:Urls:0", peer);
        await using (ServerProcess compression = ServerProcess.Start(_encoderFolder.Path, port, "--roles", "encoder,compression"))
        {
            await gateway.ReadyAsync();
            state = (await gateway.Api.PostJsonAsync("/v1/codecs/train", """{"codec":"float16","vectors":[[0.5,0.25]]}""")).ShouldBe(HttpStatusCode.OK).Json.String("state")!;
            (await gateway.Api.PostJsonAsync("/v1/codecs/encode", $$"""{"state":"{{state}}","vectors":[[0.5,-2]]}""")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"codes":["ADgAwA=="]}""");
            (await gateway.Api.PostJsonAsync("/v1/codecs/decode", $$"""{"state":"{{state}}","codes":["ADgAwA=="]}""")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"vectors":[[0.5,-2]]}""");
            (await gateway.Api.PostJsonAsync("/v1/codecs/decode", $$"""{"state":"{{state}}","codes":["ADg="]}""")).ShouldBeProblem(400, "Invalid", "codes[0]");
            await compression.Process.KillAsync();
        }
        (await gateway.Api.PostJsonAsync("/v1/codecs/describe", $$"""{"state":"{{state}}"}""")).ShouldBeProblem(503, "Unavailable").GetProperty("detail").GetString()!.ShouldContain($"{port}");
    }

    private ServerProcess StartGateway(int encoderPort) =>
        ServerProcess.Start(_folder.Path, Ports.Free(), "--roles", "gateway,ingestion,compression", "--Ingestion:MaxAttempts", "1", "--Peers:Encoder:Urls:0", $"http://127.0.0.1:{encoderPort}");

    private ServerProcess StartEncoder(int port) => ServerProcess.Start(_encoderFolder.Path, port, "--roles", "encoder");

    private static async Task ListensAsync(ServerProcess server)
    {
        for (long began = Stopwatch.GetTimestamp(); await server.StateAsync() is null; await Task.Delay(50))
        {
            Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(60, server.Process.Error);
        }
    }

    /// <summary>Hits and contexts without their times, and the vectors of the questions.</summary>
    private static async Task<List<string>> AnswersAsync(ApiClient gateway, ApiClient encoder)
    {
        (await gateway.PutAsync("/v1/collections/sample")).ShouldBe(HttpStatusCode.Created);
        (await gateway.BulkAsync("sample", Lines)).Lines.ShouldAllBe(l => l.String("status") == "indexed");
        List<string> answers = [];
        foreach (string question in Questions)
        {
            answers.Add((await encoder.PostJsonAsync("/embed", System.Text.Json.JsonSerializer.Serialize(new { inputs = question }))).ShouldBe(HttpStatusCode.OK).Text);
            foreach (string mode in (string[])["dense", "lexical", "hybrid"])
            {
                System.Text.Json.JsonElement answer = (await gateway.SearchAsync("sample", new { query = question, top = 5, mode, context = new { maxTokens = 120 } })).ShouldBe(HttpStatusCode.OK).Json;
                answers.Add(answer.GetProperty("hits").GetRawText() + Timeless.Of(answer.GetProperty("context").GetRawText()) + answer.String("space"));
            }
        }
        return answers;
    }
}
