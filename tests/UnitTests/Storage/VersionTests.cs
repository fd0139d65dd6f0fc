using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class VersionTests
{
    [Fact]
    public async Task A_version_that_is_left_out_counts_up_and_one_that_is_not_newer_is_superseded_at_once_with_the_reason()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        (await opened.AcceptAsync(row, "d")).Version.ShouldBe(1);
        (await opened.AcceptAsync(row, "d", version: 10)).Version.ShouldBe(10);
        foreach (long late in (long[])[10, 9, 1])
        {
            Job job = await opened.AcceptAsync(row, "d", version: late);
            (job.Status, job.Version, job.Payload).ShouldBe((DocumentStatus.Superseded, late, null));
            job.Error.ShouldBe($"Version {late} is not newer than version 10, which was accepted before.");
        }
        (await opened.AcceptAsync(row, "d")).Version.ShouldBe(11);
        (await opened.AcceptDeletionAsync(row, "d")).Version.ShouldBe(12);
        (await opened.AcceptAsync(row, "d", version: 12)).Status.ShouldBe(DocumentStatus.Superseded, "a removal has a version as well");
        opened.Catalog.OpenJobs.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_was_not_begun_is_superseded_by_a_newer_one_and_forgets_its_text()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Job older = await opened.AcceptAsync(row, "d");
        Task<Job> waiting = opened.Catalog.WaitAsync(older.Id, default);
        await opened.AcceptAsync(row, "d");
        Job superseded = await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        (superseded.Status, superseded.Payload).ShouldBe((DocumentStatus.Superseded, null));
        superseded.Timeline.Select(t => t.Step).ShouldBe(["accepted", "superseded"]);
        (await opened.Catalog.BeginAsync(older.Id, OpenedCatalog.Lease, default)).ShouldBeNull();
    }

    [Fact]
    public async Task The_largest_version_has_no_successor_and_the_error_says_so()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await opened.AcceptAsync(row, "d", version: long.MaxValue);
        (await Should.ThrowAsync<RetrievalException>(() => opened.AcceptAsync(row, "d"))).Problem.Field.ShouldBe("version");
    }

    [Fact]
    public async Task A_removal_before_the_first_indexing_is_seen_by_get_and_by_list_alike()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await opened.AcceptAsync(row, "d");
        (await opened.Catalog.FindDocumentAsync(row, "d", default))!.Status.ShouldBe(DocumentStatus.Accepted);
        await opened.AcceptDeletionAsync(row, "d");
        (await opened.Catalog.FindDocumentAsync(row, "d", default)).ShouldBeNull();
        (await opened.Catalog.ListDocumentsAsync(row, null, 10, default)).Documents.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a\0b \U0001F600 c\0")]
    [InlineData("\0")]
    [InlineData("\uFEFFmark, \u2028 line, ' quote \" and \\ slash")]
    public async Task Any_text_comes_back_as_it_was_sent(string text)
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Job job = await opened.AcceptAsync(row, "d'\"ä", text);
        (await opened.Catalog.FindJobAsync(job.Id, default))!.Payload!.Text.ShouldBe(text);
        await opened.StoreAsync(row, (await opened.Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default))!, [1, 0, 0, 0]);
        await opened.ReopenAsync();
        (await opened.Catalog.FindDocumentAsync(row, "d'\"ä", default))!.Text.ShouldBe(text);
        (await opened.Catalog.ReadChunksAsync(row, [1], default)).Single().Text.ShouldBe(text);
    }
}
