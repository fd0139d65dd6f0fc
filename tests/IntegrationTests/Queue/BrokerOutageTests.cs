using System.Net;
using Retrieval.IntegrationTests.Crash;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Queue;

/// <summary>A broker that is away: at the start, and in the middle of a load.</summary>
public sealed class BrokerOutageTests : IDisposable
{
    private const int Before = 60, During = 60, Documents = Before + During;
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(FullRun.IsWanted ? 60 : 10);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_broker_that_comes_late_or_goes_away_loses_nothing_and_needs_no_hand()
    {
        Assert.SkipUnless(BrokerNode.Missing is null, BrokerNode.Missing ?? "");
        await using BrokerNode broker = BrokerNode.Prepare();
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--Queue:Transport", "rabbitmq", "--Queue:Url", broker.Url, "--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "2");
        await server.Process.WaitForAsync("does not answer");
        await server.Process.WaitForAsync("Documents are accepted and wait until it does.");
        (await server.Api.PutAsync($"/v1/collections/{ShortDocuments.Collection}")).ShouldBe(HttpStatusCode.Created);
        await PutAsync(server, Enumerable.Range(0, Before));
        (await server.Api.GetAsync($"/v1/collections/{ShortDocuments.Collection}")).Json.Int("openJobs").ShouldBe(Before);

        await broker.StartAgainAsync(TestContext.Current.CancellationToken);
        await ReachAsync(server, Before / 4);
        await broker.KillAsync();
        await PutAsync(server, Enumerable.Range(Before, During));
        (await server.Api.SearchAsync(ShortDocuments.Collection, new { query = "number", top = 5 })).ShouldBe(HttpStatusCode.OK);
        await Task.Delay(Outage, TestContext.Current.CancellationToken);
        await broker.StartAgainAsync(TestContext.Current.CancellationToken);

        await ShortDocuments.SettledAsync(server.Api);
        await new ShortDocuments(Documents).ShouldBeThereOnceAsync(server.Api);
        await server.Process.WaitForAsync("answers again");
        string log = server.Process.Error;
        log.ShouldNotContain("   at ");
        log.Split('\n').Length.ShouldBeLessThan(60, "an outage is told once, not over and over");
    }

    private static Task PutAsync(ServerProcess server, IEnumerable<int> documents) => Parallel.ForEachAsync(documents, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        (await server.Api.PutTextAsync($"/v1/collections/{ShortDocuments.Collection}/documents/{ShortDocuments.Id(i)}", ShortDocuments.Text(i))).ShouldBe(HttpStatusCode.Accepted));

    private static async Task ReachAsync(ServerProcess server, int documents)
    {
        for (int polls = 0; (await server.Api.GetAsync($"/v1/collections/{ShortDocuments.Collection}")).Json.Int("documents") < documents; polls++)
        {
            polls.ShouldBeLessThan(3000, "nothing is indexed");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
