using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class RetentionTests
{
    private static readonly IngestionOptions Options = new() { KeepJobsHours = 10 };
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Finished_jobs_go_after_their_time_but_not_dead_letters_open_ones_and_each_documents_latest()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex();
        await index.StartAsync(default);
        Job replaced = await StoredAsync(opened, row, "a"), latest = await StoredAsync(opened, row, "a"), open = await opened.AcceptAsync(row, "b");
        Job dead = await opened.AcceptAsync(row, "c");
        await opened.Catalog.FailAsync((await opened.Catalog.BeginAsync(dead.Id, OpenedCatalog.Lease, default))!, "a reason", "a stack", null, default);
        Job late = await opened.AcceptAsync(row, "a", version: 1);
        Retention retention = new(opened.Catalog, index, Options, _clock, NullLogger<Retention>.Instance);

        _clock.Advance(TimeSpan.FromHours(9));
        (await retention.RemoveAsync(default)).ShouldBe(0);
        _clock.Advance(TimeSpan.FromHours(2));
        (await retention.RemoveAsync(default)).ShouldBe(2);
        foreach ((Job job, bool stays) in new[] { (replaced, false), (latest, true), (open, true), (dead, true), (late, false) })
        {
            (await opened.Catalog.FindJobAsync(job.Id, default) is not null).ShouldBe(stays, job.Document);
        }
        (await opened.Catalog.ListDocumentsAsync(row, null, 10, default)).Documents.Select(d => d.Id).ShouldBe(["a", "b", "c"]);

        await opened.Catalog.DropAsync(dead.Id, default);
        _clock.Advance(TimeSpan.FromHours(11));
        (await retention.RemoveAsync(default)).ShouldBe(1, "a dead letter that was dropped is history");
        (await opened.Catalog.ListDocumentsAsync(row, null, 10, default)).Documents.Select(d => d.Id).ShouldBe(["a", "b"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Marks_go_and_no_removed_document_comes_back_whatever_files_of_the_index_are_there_damaged_or_gone(int seed)
    {
        Random random = new(seed);
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        HashSet<string> there = [];
        long marksGone = 0;
        for (int life = 0; life < 8; life++)
        {
            await using (EmbeddedIndex index = opened.CreateIndex(sealRows: 10))
            {
                await index.StartAsync(default);
                for (int i = 0; i < 30; i++)
                {
                    string id = $"d{random.Next(25)}";
                    if (random.Next(2) == 0)
                    {
                        await StoredAsync(opened, row, id);
                        there.Add(id);
                    }
                    else if (there.Remove(id))
                    {
                        Job removal = await opened.AcceptDeletionAsync(row, id);
                        await opened.Catalog.RemoveAsync((await opened.Catalog.BeginAsync(removal.Id, OpenedCatalog.Lease, default))!, default);
                    }
                    _clock.Advance(TimeSpan.FromHours(1));
                    if (random.Next(6) == 0)
                    {
                        await index.WaitForSeqAsync(row.Id, (await opened.Catalog.GetCollectionAsync("c", default)).Seq, default);
                        await new Retention(opened.Catalog, index, Options, _clock, NullLogger<Retention>.Instance).RemoveAsync(default);
                    }
                }
                row = await opened.Catalog.GetCollectionAsync("c", default);
                await ShouldHoldAsync(opened, index, row, there, $"seed {seed}, life {life}");
            }
            Damage(opened, random);
            await opened.ReopenAsync();
            await using EmbeddedIndex reopened = opened.CreateIndex(sealRows: 10);
            await reopened.StartAsync(default);
            await ShouldHoldAsync(opened, reopened, row, there, $"seed {seed}, life {life}, reopened");
            marksGone = Math.Max(marksGone, (await opened.Catalog.GetCollectionAsync("c", default)).MarksGone);
        }
        marksGone.ShouldBeGreaterThan(0, "no mark went: the test has shown nothing");
    }

    private static async Task ShouldHoldAsync(OpenedCatalog opened, EmbeddedIndex index, CollectionRow row, HashSet<string> there, string because)
    {
        await index.WaitForSeqAsync(row.Id, row.Seq, default).WaitAsync(TimeSpan.FromSeconds(30));
        IReadOnlyList<(long Row, float Score)> found = index.Search(row, [1, 0, 0, 0], 1000, null, default);
        (await opened.Catalog.ReadChunksAsync(row, [.. found.Select(f => f.Row)], default)).Select(c => c.Document).Order(StringComparer.Ordinal)
            .ShouldBe(there.Order(StringComparer.Ordinal), because);
        found.Count.ShouldBe(there.Count, because);
    }

    /// <summary>The newest file, or any, is cut; or nothing happens.</summary>
    private static void Damage(OpenedCatalog opened, Random random)
    {
        string[] files = [.. Directory.GetFiles(opened.Path, "*.segment", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        if (files.Length > 0 && random.Next(3) is > 0 and int how)
        {
            string file = how == 1 ? files[^1] : files[random.Next(files.Length)];
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..100]);
        }
    }

    private static async Task<Job> StoredAsync(OpenedCatalog opened, CollectionRow row, string id)
    {
        Job job = await opened.AcceptAsync(row, id);
        await opened.StoreAsync(row, (await opened.Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default))!, [1, 0, 0, 0]);
        return job;
    }
}
