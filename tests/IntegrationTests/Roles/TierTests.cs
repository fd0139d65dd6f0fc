using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Encoder;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Roles;

/// <summary>Tiers from the search route to the encoder in another process and back.</summary>
public sealed class TierTests : IDisposable
{
    private readonly TempFolder _folder = new(), _encoderFolder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _encoderFolder.Dispose();
    }

    [Fact]
    public async Task A_search_names_its_tier_and_the_answer_says_which_one_encoded_it()
    {
        string tiered = _folder["tiered"], compiled = _folder["compiled"];
        string[] texts = [.. Enumerable.Range(0, 60).Select(i => $"Note {i}: the {i * 7 % 41}th turbine of plant {i * 5 % 23} is at rest.")];
        TierMeasuring.Run(new TierRequest(TestData.DefaultModel, texts, [5, 4], [128], "none") { LeastRecall = 0, Output = tiered },
            new EncoderOptions { Provider = "cpu", CompiledFolder = compiled }, () => { }, NullLogger.Instance, TestContext.Current.CancellationToken).File.ShouldNotBeNull();
        int port = Ports.Free();
        await using ServerProcess gateway = ServerProcess.Start(_folder.Path, Ports.Free(), "--roles", "gateway,ingestion,compression", "--Peers:Encoder:Urls:0", $"http://127.0.0.1:{port}"),
            encoder = ServerProcess.Start(_encoderFolder.Path, port, "--roles", "encoder", "--Encoder:Models:0:Path", tiered, "--Encoder:CompiledFolder", compiled);
        await gateway.ReadyAsync();
        await encoder.ReadyAsync();
        (await gateway.Api.PutAsync("/v1/collections/c")).ShouldBe(HttpStatusCode.Created);
        (await gateway.Api.PutTextAsync("/v1/collections/c/documents/a?wait=true", "A lamp on the table.")).ShouldBe(HttpStatusCode.OK);

        JsonElement byDefault = await SearchAsync(gateway, new { query = "light", mode = "dense" }), four = await SearchAsync(gateway, new { query = "light", mode = "dense", tier = "L4" });
        (byDefault.String("tier"), four.String("tier")).ShouldBe(("L6", "L4"));
        Score(four).ShouldNotBe(Score(byDefault));
        Score(await SearchAsync(gateway, new { query = "light", mode = "dense", tier = "L6" })).ShouldBe(Score(byDefault));
        four.String("space").ShouldBe(byDefault.String("space"));
        (await SearchAsync(gateway, new { query = "lamp", mode = "lexical" })).TryGetProperty("tier", out _).ShouldBeFalse();

        JsonElement unknown = (await gateway.Api.SearchAsync("c", new { query = "light", tier = "L9" })).ShouldBeProblem(400, "Invalid", "tier");
        unknown.String("limit").ShouldBe("L6, L5, L5xD128, L4, L4xD128");
        (await gateway.Api.SearchAsync("c", new { query = "light", tier = "L4xD128" })).ShouldBeProblem(400, "Invalid", "tier").String("detail")!.ShouldContain("gives vectors of 128 dimensions, and collection 'c' compares 384");
        (await gateway.Api.SearchAsync("c", new { query = "light", mode = "lexical", tier = "L4" })).ShouldBeProblem(400, "Invalid", "tier");
    }

    private static async Task<JsonElement> SearchAsync(ServerProcess gateway, object request) => (await gateway.Api.SearchAsync("c", request)).ShouldBe(HttpStatusCode.OK).Json;

    private static double Score(JsonElement answer) => answer.GetProperty("hits")[0].GetProperty("score").GetDouble();
}
