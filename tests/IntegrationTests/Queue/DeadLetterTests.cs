using System.Net;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.IntegrationTests.Server;
using Retrieval.Storage;

namespace Retrieval.IntegrationTests.Queue;

/// <summary>Dead letters over the API and on the command line. They are made in the data folder while no server has it, by the catalog itself.</summary>
public sealed class DeadLetterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task They_are_listed_shown_replayed_and_dropped_over_HTTP_and_on_the_command_line()
    {
        await using (ServerProcess first = await ServerProcess.StartAsync(_folder.Path))
        {
            (await first.Api.PutAsync("/v1/collections/c")).ShouldBe(HttpStatusCode.Created);
            first.Process.Terminate();
            (await first.Process.ExitAsync()).Code.ShouldBe(0);
        }
        Guid[] failed = await FailAsync("a", "b", "d");

        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        string[] at = ["--urls", server.Address.OriginalString, "--data", _folder["data"]];
        JsonElement listed = (await server.Api.GetAsync("/v1/dead-letters?collection=c&limit=2")).ShouldBe(HttpStatusCode.OK).Json;
        listed.GetProperty("deadLetters").EnumerateArray().Select(l => l.GetProperty("status").String("id")).ShouldBe(["d", "b"]);
        (await server.Api.GetAsync($"/v1/dead-letters?after={listed.String("next")}")).Json.GetProperty("deadLetters")[0].GetProperty("status").GetProperty("job").GetGuid().ShouldBe(failed[0]);
        listed.GetRawText().ShouldNotContain("stack of");

        JsonElement shown = (await server.Api.GetAsync($"/v1/dead-letters/{failed[0]}")).ShouldBe(HttpStatusCode.OK).Json;
        (shown.String("stack"), shown.String("action"), shown.GetProperty("status").String("error"), shown.TryGetProperty("failedAt", out _)).ShouldBe(("the stack of a", "upsert", "the reason of a", true));
        (await server.Api.GetAsync(shown.String("payloadUrl")!)).Json.String("text").ShouldBe("The text of a.");
        (await server.Api.GetAsync($"/v1/jobs?status=failed&collection=c")).Json.GetProperty("jobs").GetArrayLength().ShouldBe(3);

        Answer replayed = (await server.Api.SendAsync(HttpMethod.Post, $"/v1/dead-letters/{failed[0]}/replay", null)).ShouldBe(HttpStatusCode.Accepted);
        await IndexedAsync(server, replayed.Location!.OriginalString);
        (await server.Api.SendAsync(HttpMethod.Post, $"/v1/dead-letters/{failed[0]}/replay", null)).ShouldBeProblem(404, "NotFound", "job");

        string letters = (await RetrievalProcess.RunAsync(_folder.Path, ["dead-letters", "list", "--json", .. at])).ShouldSucceed().Out;
        JsonDocument.Parse(letters).RootElement.GetProperty("deadLetters").GetArrayLength().ShouldBe(2);
        (await RetrievalProcess.RunAsync(_folder.Path, ["dead-letters", "show", $"{failed[1]}", .. at])).ShouldSucceed().Out.ShouldContain("the stack of b");
        (await RetrievalProcess.RunAsync(_folder.Path, ["dead-letters", "drop", $"{failed[1]}", .. at])).ShouldSucceed();
        (await server.Api.DeleteAsync($"/v1/dead-letters/{failed[1]}")).ShouldBeProblem(404, "NotFound", "job");
        (await RetrievalProcess.RunAsync(_folder.Path, ["dead-letters", "replay", "--all", "--collection", "c", .. at])).ShouldSucceed().Out.ShouldContain("1 due again");
        await IndexedAsync(server, $"/v1/jobs/{failed[2]}");
        (await RetrievalProcess.RunAsync(_folder.Path, ["dead-letters", "replay", .. at])).ShouldFail(2).ShouldContain("--all");
        string job = (await RetrievalProcess.RunAsync(_folder.Path, ["jobs", "show", $"{failed[2]}", .. at])).ShouldSucceed().Out;
        job.ShouldContain("replayed");
        job.ShouldContain("indexed");
        (await RetrievalProcess.RunAsync(_folder.Path, ["jobs", "list", "--status", "failed", .. at])).ShouldSucceed().Out.ShouldContain($"{failed[1]}");
        (await server.Api.GetAsync("/v1/jobs?status=nonsense")).ShouldBeProblem(400, "Invalid", "status");
        (await server.Api.GetAsync("/v1/dead-letters?after=x")).ShouldBeProblem(400, "Invalid", "after");
    }

    private async Task<Guid[]> FailAsync(params string[] documents)
    {
        using DataFolder data = DataFolder.Open(_folder["data"]);
        await using Catalog catalog = await Catalog.OpenAsync(data, TimeProvider.System, default);
        CollectionRow row = await catalog.GetCollectionAsync("c", default);
        List<Guid> failed = [];
        foreach (string id in documents)
        {
            Job job = await catalog.AcceptAsync(row, JobKind.Upsert, JobQueue.Interactive, new DocumentInput { Id = id, Text = $"The text of {id}." }, "text/plain", default);
            await catalog.FailAsync((await catalog.BeginAsync(job.Id, TimeSpan.FromMinutes(1), default))!, $"the reason of {id}", $"the stack of {id}", null, default);
            failed.Add(job.Id);
            await Task.Delay(5); // ids of one millisecond have no order
        }
        return [.. failed];
    }

    private static async Task IndexedAsync(ServerProcess server, string url)
    {
        for (int polls = 0; (await server.Api.GetAsync(url)).Json.String("status") != "indexed"; polls++)
        {
            polls.ShouldBeLessThan(600);
            await Task.Delay(50);
        }
    }
}
