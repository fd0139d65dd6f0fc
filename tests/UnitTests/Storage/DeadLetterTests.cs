using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class DeadLetterTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_job_that_was_given_up_is_listed_with_its_reason_and_stack_until_it_is_replayed_or_dropped()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Job[] failed = [await FailedAsync(opened, row, "a"), await FailedAsync(opened, row, "b"), await FailedAsync(opened, row, "c")];
        await opened.StoreAsync(row, "fine", "text", [1, 0, 0, 0]);
        await opened.ReopenAsync();

        (await opened.Catalog.ListDeadLettersAsync(row.Id, null, 10, default)).Select(j => j.Document).ShouldBe(["c", "b", "a"]);
        (await opened.Catalog.ListDeadLettersAsync(null, failed[2].Id, 1, default)).Single().Id.ShouldBe(failed[1].Id);
        DeadLetter letter = (await opened.Catalog.FindDeadLetterAsync(failed[0].Id, default))!;
        (letter.Detail, letter.Job.Error, letter.Job.Payload!.Text, letter.Job.FinishedAt is not null).ShouldBe(("the stack of a", "the reason of a", "text of a", true));
        opened.Catalog.OpenJobs.ShouldBe(0);

        Job replayed = (await opened.Catalog.ReplayAsync(failed[0].Id, default))!;
        (replayed.Status, replayed.Attempts, replayed.Error, replayed.Timeline[^1].Step, opened.Catalog.OpenJobs).ShouldBe((DocumentStatus.Accepted, 0, null, "replayed", 1));
        (await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default)).ShouldBe([failed[0].Id]);
        await opened.StoreAsync(row, (await opened.Catalog.BeginAsync(failed[0].Id, OpenedCatalog.Lease, default))!, [1, 0, 0, 0]);
        (await opened.Catalog.FindDocumentAsync(row, "a", default))!.Status.ShouldBe(DocumentStatus.Indexed);

        (await opened.Catalog.DropAsync(failed[1].Id, default))!.Timeline[^1].Step.ShouldBe("dropped");
        Job dropped = (await opened.Catalog.FindJobAsync(failed[1].Id, default))!;
        (dropped.Status, dropped.Payload, dropped.Error).ShouldBe((DocumentStatus.Failed, null, "the reason of b"));
        (await opened.Catalog.ListDeadLettersAsync(null, null, 10, default)).Select(j => j.Document).ShouldBe(["c"]);
        foreach (Guid gone in new[] { failed[0].Id, failed[1].Id, JobId.New(_clock) })
        {
            (await opened.Catalog.ReplayAsync(gone, default)).ShouldBeNull();
            (await opened.Catalog.DropAsync(gone, default)).ShouldBeNull();
            (await opened.Catalog.FindDeadLetterAsync(gone, default)).ShouldBeNull();
        }
        opened.Catalog.OpenJobs.ShouldBe(0);
    }

    [Fact]
    public async Task Replaying_never_brings_an_older_version_back()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Job failed = await FailedAsync(opened, row, "d");
        await opened.StoreAsync(row, "d", "newer", [1, 0, 0, 0]);
        (await opened.Catalog.ReplayAsync(failed.Id, default)).ShouldNotBeNull();
        (await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default)).ShouldBe([failed.Id]);
        (await opened.Catalog.BeginAsync(failed.Id, OpenedCatalog.Lease, default)).ShouldBeNull();
        (await opened.Catalog.FindJobAsync(failed.Id, default))!.Status.ShouldBe(DocumentStatus.Superseded);
        (await opened.Catalog.FindDocumentAsync(row, "d", default))!.Text.ShouldBe("newer");
        opened.Catalog.OpenJobs.ShouldBe(0);
    }

    [Fact]
    public async Task A_bulk_loads_counts_follow_its_jobs()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Guid load = JobId.New(_clock);
        Job[] jobs = [.. await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            opened.Catalog.AcceptAsync(row, new JobOrder(JobKind.Upsert, JobQueue.Bulk, "text/plain", load), new DocumentInput { Id = $"d{i}", Text = "text" }, default)))];
        await opened.StoreAsync(row, (await opened.Catalog.BeginAsync(jobs[0].Id, OpenedCatalog.Lease, default))!, [1, 0, 0, 0]);
        await opened.Catalog.BeginAsync(jobs[1].Id, OpenedCatalog.Lease, default);
        await opened.AcceptAsync(row, "d2", "newer");
        LoadInfo info = (await opened.Catalog.FindLoadAsync(load, default))!;
        (info.Accepted, info.Processing, info.Indexed, info.Superseded, info.Failed, info.IsFinished).ShouldBe((1, 1, 1, 1, 0, false));
        (await opened.Catalog.FindLoadAsync(JobId.New(_clock), default)).ShouldBeNull();
    }

    private async Task<Job> FailedAsync(OpenedCatalog opened, CollectionRow row, string id)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        Job job = await opened.AcceptAsync(row, id, $"text of {id}");
        Job begun = (await opened.Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default))!;
        await opened.Catalog.FailAsync(begun, $"the reason of {id}", $"the stack of {id}", null, default);
        return begun;
    }
}
