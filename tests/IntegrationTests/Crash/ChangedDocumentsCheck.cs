using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Crash;

/// <summary>What has to hold of a load when it has settled, by the API and in the rows.</summary>
internal sealed class ChangedDocumentsCheck(ChangingDocuments documents, string because)
{
    private readonly Dictionary<string, List<JsonElement>> _jobs = [];

    public async Task HoldsAsync(ApiClient api)
    {
        await ReadJobsAsync(api);
        List<(int Number, long Version)> live = [];
        int removed = 0;
        foreach ((string id, List<SentChange> changes) in documents.Sent)
        {
            JsonElement[] jobs = [.. _jobs.GetValueOrDefault(id, []).OrderBy(j => j.GetProperty("version").GetInt64())];
            ShouldBeTerminal(id, changes, jobs);
            if (jobs.Length == 0)
            {
                continue;
            }
            SentChange last = changes.Single(c => c.Version == jobs[^1].GetProperty("version").GetInt64());
            jobs[^1].String("status").ShouldBe(last.Text is null ? "deleted" : "indexed", $"{id}, {because}");
            Answer answer = await api.GetAsync($"/v1/collections/{ChangingDocuments.Collection}/documents/{id}");
            if (last.Text is null)
            {
                removed++;
                answer.Status.ShouldBe(404, $"{id}, {because}");
                continue;
            }
            (answer.Status, answer.Json.String("text"), answer.Json.GetProperty("version").GetInt64(), answer.Json.Int("chunks")).ShouldBe((200, last.Text, last.Version, 1), $"{id}, {because}");
            live.Add((int.Parse(id.AsSpan(4), CultureInfo.InvariantCulture), last.Version));
        }
        live.Count.ShouldBeGreaterThan(10, because);
        removed.ShouldBeGreaterThan(0, because);
        await FoundOnceAsync(api, live);
    }

    /// <summary>Chunks, their vectors, their words and their documents belong together, and the file is sound. For when no process has it open.</summary>
    public void HoldsInRows(string dataFolder)
    {
        using SqliteConnection connection = new($"Data Source={Path.Combine(dataFolder, "catalog.db")};Pooling=False");
        connection.Open();
        Scalar<string>(connection, "PRAGMA integrity_check").ShouldBe("ok", because);
        Scalar<long>(connection, "SELECT count(*) FROM jobs WHERE status < 2").ShouldBe(0, because);
        Scalar<long>(connection, "SELECT count(*) FROM chunks c LEFT JOIN documents d ON d.key = c.document WHERE d.live IS NOT 1").ShouldBe(0, because);
        Scalar<long>(connection, "SELECT count(*) FROM documents d WHERE d.live = 1 AND (SELECT count(*) FROM chunks c WHERE c.document = d.key) <> d.chunks").ShouldBe(0, because);
        Scalar<long>(connection, "SELECT count(*) FROM chunks WHERE length(vector) <> 4 * (SELECT dimensions FROM collections)").ShouldBe(0, because);
        Scalar<long>(connection, "SELECT count(*) FROM chunks c LEFT JOIN words_1_docsize w ON w.id = c.row WHERE w.id IS NULL").ShouldBe(0, because);
        Scalar<long>(connection, "SELECT count(*) FROM words_1_docsize w LEFT JOIN chunks c ON c.row = w.id WHERE c.row IS NULL").ShouldBe(0, because);
    }

    private async Task ReadJobsAsync(ApiClient api)
    {
        for (string after = ""; ;)
        {
            JsonElement page = (await api.GetAsync($"/v1/jobs?collection={ChangingDocuments.Collection}&limit=1000{after}")).ShouldBe(System.Net.HttpStatusCode.OK).Json;
            foreach (JsonElement job in page.GetProperty("jobs").EnumerateArray())
            {
                string id = job.String("id")!;
                _jobs.TryAdd(id, []);
                _jobs[id].Add(job);
            }
            if (!page.TryGetProperty("next", out JsonElement next))
            {
                return;
            }
            after = $"&after={next.GetString()}";
        }
    }

    /// <summary>Every change whose acceptance was answered has its job, each job has ended, and no version has two that were written.</summary>
    private void ShouldBeTerminal(string id, List<SentChange> changes, JsonElement[] jobs)
    {
        string[] known = [.. jobs.Select(j => j.String("job")!)];
        known.Distinct().Count().ShouldBe(known.Length, $"{id}, {because}");
        foreach (SentChange change in changes.Where(c => c.Job is not null))
        {
            known.ShouldContain($"{change.Job}", $"{id}, {because}");
        }
        jobs.ShouldAllBe(j => j.String("status") == "indexed" || j.String("status") == "superseded" || j.String("status") == "deleted", $"{id}, {because}");
        jobs.Where(j => j.String("status") != "superseded").GroupBy(j => j.GetProperty("version").GetInt64()).ShouldAllBe(g => g.Count() == 1, $"{id}, {because}");
    }

    private async Task FoundOnceAsync(ApiClient api, List<(int Number, long Version)> live)
    {
        JsonElement collection = (await api.GetAsync($"/v1/collections/{ChangingDocuments.Collection}")).Json;
        (collection.Int("documents"), collection.Int("chunks"), collection.Int("openJobs")).ShouldBe((live.Count, live.Count, 0), because);
        JsonElement[] dense = [.. (await api.SearchAsync(ChangingDocuments.Collection, new { query = "number", top = 1000, mode = "dense" })).Json.GetProperty("hits").EnumerateArray()];
        dense.Select(h => h.String("document")).Order(StringComparer.Ordinal).ShouldBe(live.Select(l => $"doc-{l.Number:0000}").Order(StringComparer.Ordinal), because);
        await Parallel.ForEachAsync(live, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (document, _) =>
        {
            for (long version = Math.Max(1, document.Version - 1); version <= document.Version; version++)
            {
                JsonElement hits = (await api.SearchAsync(ChangingDocuments.Collection, new { query = ChangingDocuments.Word(document.Number, version), mode = "lexical" })).Json.GetProperty("hits");
                hits.GetArrayLength().ShouldBe(version == document.Version ? 1 : 0, $"{document}, version {version}, {because}");
            }
        });
    }

    private static T Scalar<T>(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // literals of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        return (T)command.ExecuteScalar()!;
    }
}
