using System.Diagnostics;
using System.Net;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Crash;

public sealed class ShutdownTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SIGTERM_ends_with_exit_code_0_leaves_jobs_open_and_the_next_start_finishes_them()
    {
        ShortDocuments documents = new(200);
        await using (ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "1"))
        {
            await server.Api.PutAsync($"/v1/collections/{ShortDocuments.Collection}");
            using StringContent body = ApiClient.Lines(documents.All.Select(ShortDocuments.Line));
            (await server.Api.SendAsync(HttpMethod.Post, $"/v1/collections/{ShortDocuments.Collection}/documents", body)).Lines.ShouldAllBe(l => l.String("status") == "accepted");
            long began = Stopwatch.GetTimestamp();
            server.Process.Terminate();
            Result result = await server.Process.ExitAsync(35);
            result.Code.ShouldBe(0, result.Error);
            Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(35);
            result.Error.Contains("   at ", StringComparison.Ordinal).ShouldBeFalse(result.Error);
        }
        await using ServerProcess next = await ServerProcess.StartAsync(_folder.Path, "--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "1");
        (await next.Api.GetAsync($"/v1/collections/{ShortDocuments.Collection}")).Json.Int("openJobs").ShouldBeGreaterThan(0, "nothing was left to finish: the test began its shutdown too late");
        await ShortDocuments.SettledAsync(next.Api);
        await documents.ShouldBeThereOnceAsync(next.Api);
    }

    [Fact]
    public async Task A_request_that_waits_is_answered_or_refused_but_not_left_hanging()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "1");
        await server.Api.PutAsync($"/v1/collections/{ShortDocuments.Collection}");
        Task<Answer> waiting = server.Api.BulkAsync(ShortDocuments.Collection, Enumerable.Range(0, 200).Select(ShortDocuments.Line));
        await Task.Delay(200);
        server.Process.Terminate();
        (await server.Process.ExitAsync(35)).Code.ShouldBe(0);
        (await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromSeconds(5)))).ShouldBe(waiting);
    }

    [Fact]
    public async Task A_start_logs_how_long_it_took_and_an_empty_server_stops_at_once()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        await server.Process.WaitForAsync("Ready after ");
        server.Process.Error.ShouldMatch(@"Ready after \d+ ms\.");
        server.Process.Terminate();
        (await server.Process.ExitAsync(10)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_restart_finds_what_was_there_and_goes_on_counting_versions()
    {
        string search;
        await using (ServerProcess server = await ServerProcess.StartAsync(_folder.Path))
        {
            await server.Api.PutAsync("/v1/collections/kept");
            await server.Api.BulkAsync("kept", Enumerable.Range(0, 20).Select(ShortDocuments.Line));
            search = Hits(await server.Api.SearchAsync("kept", new { query = "number 7", top = 20 }));
            server.Process.Terminate();
            (await server.Process.ExitAsync(35)).Code.ShouldBe(0);
        }
        await using ServerProcess next = await ServerProcess.StartAsync(_folder.Path);
        Hits(await next.Api.SearchAsync("kept", new { query = "number 7", top = 20 })).ShouldBe(search);
        (await next.Api.PutTextAsync($"/v1/collections/kept/documents/{ShortDocuments.Id(7)}?wait=true", "Another text.")).ShouldBe(HttpStatusCode.OK).Json.Int("version").ShouldBe(2);
    }

    private static string Hits(Answer answer) => answer.ShouldBe(HttpStatusCode.OK).Json.GetProperty("hits").GetRawText();
}
