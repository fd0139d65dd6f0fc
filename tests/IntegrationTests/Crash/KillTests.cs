using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>kill -9 in the middle of ingestion: what was accepted becomes indexed, once.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Documents = 300, Kills = 5, InRound = Documents / Kills;

    /// <summary>One batch and one job at a time, and files of the index all the time, so that a kill finds work half done.</summary>
    private static readonly string[] Slow = ["--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "1", "--Ingestion:InteractivePrefetch", "1", "--Storage:Index:SealRows", "7"];

    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<int, bool> _accepted = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_accepted_document_is_indexed_once_after_five_kills()
    {
        int seed = Environment.GetEnvironmentVariable("RETRIEVAL_TEST_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : 20_260_417;
        output.WriteLine($"seed {seed} (RETRIEVAL_TEST_SEED sets another)");
        Random random = new(seed);
        ShortDocuments documents = new(Documents);
        for (int round = 0; round < Kills; round++)
        {
            await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, Slow);
            (await server.Api.PutAsync($"/v1/collections/{ShortDocuments.Collection}")).Status.ShouldBeOneOf(200, 201);
            await (round % 2 == 0 ? KillDuringPutsAsync(server, round, random.Next(5, InRound)) : KillDuringBulkAsync(server, round, random.Next(1, InRound / 2)));
            output.WriteLine($"round {round}: killed with {_accepted.Count} accepted");
        }

        await using ServerProcess last = await ServerProcess.StartAsync(_folder.Path);
        await ShortDocuments.SettledAsync(last.Api);
        int[] accepted = [.. _accepted.Keys];
        accepted.Length.ShouldBeGreaterThan(Documents / 3);
        await ShouldBeIndexedOnceAsync(last.Api, accepted);

        // What nobody was told about may be there or not; sent again it is there, and still once.
        await last.Api.BulkAsync(ShortDocuments.Collection, documents.All.Except(accepted).Select(ShortDocuments.Line));
        await ShortDocuments.SettledAsync(last.Api);
        await documents.ShouldBeThereOnceAsync(last.Api);
    }

    /// <summary>Never written twice: a second write would be generation 2.</summary>
    private static async Task ShouldBeIndexedOnceAsync(ApiClient api, int[] accepted)
    {
        Dictionary<string, JsonElement> listed = (await api.GetAsync($"/v1/collections/{ShortDocuments.Collection}/documents?limit=1000")).Json.GetProperty("documents").EnumerateArray().ToDictionary(d => d.String("id")!);
        foreach (int i in accepted)
        {
            listed.ShouldContainKey(ShortDocuments.Id(i));
            JsonElement row = listed[ShortDocuments.Id(i)];
            (row.String("status"), row.Int("generation"), row.Int("chunks")).ShouldBe(("indexed", 1, 1), row.GetRawText());
        }
    }

    /// <summary>Four clients write single documents; the kill comes when a number of them was accepted.</summary>
    private async Task KillDuringPutsAsync(ServerProcess server, int round, int acceptances)
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int acknowledged = 0;
        Task clients = Parallel.ForEachAsync(Enumerable.Range(round * InRound, InRound), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            if (await PutAsync(server.Api, i) && Interlocked.Increment(ref acknowledged) >= acceptances)
            {
                reached.TrySetResult();
            }
        });
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await server.Process.KillAsync();
        await clients;
    }

    private async Task<bool> PutAsync(ApiClient api, int i)
    {
        try
        {
            return (await api.PutTextAsync($"/v1/collections/{ShortDocuments.Collection}/documents/{ShortDocuments.Id(i)}", ShortDocuments.Text(i))).Status == (int)HttpStatusCode.Accepted && _accepted.TryAdd(i, true);
        }
        catch (HttpRequestException)
        {
            return false; // killed before it could answer
        }
    }

    /// <summary>A bulk load is accepted; the kill comes when a number of its documents can be found.</summary>
    private async Task KillDuringBulkAsync(ServerProcess server, int round, int indexed)
    {
        int before = (await server.Api.GetAsync($"/v1/collections/{ShortDocuments.Collection}")).Json.Int("documents");
        int[] own = [.. Enumerable.Range(round * InRound, InRound)];
        using StringContent body = ApiClient.Lines(own.Select(ShortDocuments.Line));
        Answer answer = (await server.Api.SendAsync(HttpMethod.Post, $"/v1/collections/{ShortDocuments.Collection}/documents", body)).ShouldBe(HttpStatusCode.OK);
        foreach ((int i, JsonElement verdict) in own.Zip(answer.Lines))
        {
            (verdict.String("id"), verdict.String("status")).ShouldBe((ShortDocuments.Id(i), "accepted"));
            _accepted.TryAdd(i, true);
        }
        for (int polls = 0; polls < 2000 && (await server.Api.GetAsync($"/v1/collections/{ShortDocuments.Collection}")).Json.Int("documents") < before + indexed; polls++)
        {
            await Task.Delay(2);
        }
        await server.Process.KillAsync();
    }
}
