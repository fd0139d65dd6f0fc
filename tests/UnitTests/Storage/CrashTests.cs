using System.Collections.Concurrent;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

/// <summary>
/// The files as a killed process leaves them: copied on the writer's own thread (the clock is asked in the middle of its operations), so that
/// nobody writes meanwhile and a transaction is half done.
/// </summary>
public sealed class CrashTests
{
    private const int Copies = 25;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_copy_of_the_files_at_any_moment_holds_everything_that_was_acknowledged_and_is_consistent(int seed)
    {
        using TemporaryFolder copies = new();
        ManualClock clock = new();
        Random random = new(seed);
        ConcurrentQueue<Job> accepted = new();
        ConcurrentDictionary<string, long> stored = new();
        List<(string Folder, Job[] Accepted, Dictionary<string, long> Stored)> crashes = [];
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        clock.Asked = () =>
        {
            if (crashes.Count < Copies && random.Next(40) == 0)
            {
                (Job[] before, Dictionary<string, long> versions) = ([.. accepted], new(stored));
                crashes.Add((Copy(opened.Path, copies[$"{crashes.Count}"], random), before, versions));
            }
        };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => WorkAsync(opened, row, w, new Random(seed * 100 + w), accepted, stored)));
        clock.Asked = null;
        crashes.Count.ShouldBeGreaterThan(Copies / 2, $"seed {seed}");
        foreach ((string folder, Job[] before, Dictionary<string, long> versions) in crashes)
        {
            await CheckAsync(folder, before, versions, $"seed {seed}, copy {folder}");
        }
    }

    private static async Task WorkAsync(OpenedCatalog opened, CollectionRow row, int worker, Random random, ConcurrentQueue<Job> accepted, ConcurrentDictionary<string, long> stored)
    {
        for (int i = 0; i < 40; i++)
        {
            string id = $"d{worker}-{random.Next(5)}";
            Job job = await opened.AcceptAsync(row, id, $"text of {id} number {i}");
            accepted.Enqueue(job);
            if (random.Next(4) == 0)
            {
                continue;
            }
            Job begun = (await opened.Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default))!;
            await opened.StoreAsync(row, begun, [.. Enumerable.Range(0, random.Next(1, 20)).Select(c => new float[] { c, i, 0, 1 })]);
            stored[id] = begun.Version;
        }
    }

    private static string Copy(string from, string to, Random random)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(Path.Combine(from, "data"), "catalog.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        byte[] torn = new byte[random.Next(5000)]; // a write that the crash cut short, behind the last commit
        random.NextBytes(torn);
        using FileStream log = new(Path.Combine(to, "catalog.db-wal"), FileMode.Append);
        log.Write(torn);
        return to;
    }

    private static async Task CheckAsync(string folder, Job[] accepted, Dictionary<string, long> stored, string because)
    {
        using DataFolder data = DataFolder.Open(folder);
        await using Catalog catalog = await Catalog.OpenAsync(data, TimeProvider.System, default);
        CollectionRow row = await catalog.GetCollectionAsync("c", default);
        foreach (Job job in accepted)
        {
            (await catalog.FindJobAsync(job.Id, default)).ShouldNotBeNull(because);
        }
        foreach ((string id, long version) in stored)
        {
            (await catalog.FindDocumentAsync(row, id, default))!.Version.ShouldBeGreaterThanOrEqualTo(version, because);
        }
        await using EmbeddedIndex index = OpenedCatalog.CreateIndex(catalog, 30);
        await index.StartAsync(default);
        IReadOnlyList<(long Row, float Score)> dense = index.Search(row, [0, 0, 0, 1], 10_000, null, default);
        IReadOnlyList<(long Row, double Score)> lexical = await catalog.SearchLexicalAsync(row, "text", 10_000, null, default);
        CollectionInfo info = await catalog.DescribeCollectionAsync("c", default);
        dense.Select(d => d.Row).Order().ToList().ShouldBe(lexical.Select(l => l.Row).Order().ToList(), because);
        dense.Count.ShouldBe((int)info.Chunks, because);
        (await catalog.ReadChunksAsync(row, [.. dense.Select(d => d.Row)], default)).GroupBy(c => c.Document).Count().ShouldBe((int)info.Documents, because);
        catalog.OpenJobs.ShouldBe(info.OpenJobs, because);
        await catalog.ReleaseLeasesAsync(default);
        (await catalog.ClaimDueAsync(JobQueue.Interactive, 10_000, OpenedCatalog.Lease, default)).Count.ShouldBe((int)info.OpenJobs, because);
    }
}
