using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class ClaimingTests
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Collections_take_turns_whatever_the_size_of_their_backlog_and_of_the_claim(int most)
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        int[] backlogs = [0, 60, 0, 0, 20, 0, 20, 0]; // neighbours without jobs must not pass their turn on to one
        Dictionary<Guid, int> collectionOf = [];
        for (int c = 0; c < backlogs.Length; c++)
        {
            CollectionRow row = await opened.CreateCollectionAsync($"c{c}");
            for (int d = 0; d < backlogs[c]; d++)
            {
                collectionOf[(await opened.AcceptAsync(row, $"d{d}")).Id] = c;
            }
        }
        List<int> served = [];
        while (served.Count < 60)
        {
            served.AddRange((await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, most, OpenedCatalog.Lease, default)).Select(id => collectionOf[id]));
        }
        for (int i = 0; i + 3 <= 60; i += 3)
        {
            served.GetRange(i, 3).ShouldBe([1, 4, 6], ignoreOrder: true, $"turn {i / 3}, {most} at once");
        }
    }

    [Fact]
    public async Task The_oldest_jobs_of_a_collection_come_first_and_only_those_of_the_queue()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        List<Guid> bulk = [];
        for (int i = 0; i < 20; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            JobQueue queue = i % 2 == 0 ? JobQueue.Bulk : JobQueue.Interactive;
            Job job = await opened.AcceptAsync(row, $"d{i}", queue: queue);
            bulk.AddRange(queue == JobQueue.Bulk ? [job.Id] : []);
        }
        (await opened.Catalog.ClaimDueAsync(JobQueue.Bulk, 4, OpenedCatalog.Lease, default)).ShouldBe(bulk[..4]);
        (await opened.Catalog.ClaimDueAsync(JobQueue.Bulk, 100, OpenedCatalog.Lease, default)).ShouldBe(bulk[4..]);
        (await opened.Catalog.ClaimDueAsync(JobQueue.Bulk, 100, OpenedCatalog.Lease, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_newer_version_waits_until_the_attempt_at_the_older_one_has_ended_even_when_the_clock_was_set_back()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Job older = await opened.AcceptAsync(row, "d");
        await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 1, OpenedCatalog.Lease, default);
        Job begun = (await opened.Catalog.BeginAsync(older.Id, OpenedCatalog.Lease, default))!;

        _clock.Advance(TimeSpan.FromHours(-1));
        Job newer = await opened.AcceptAsync(row, "d");
        (await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default)).ShouldBeEmpty();

        (await opened.StoreAsync(row, begun, [1, 0, 0, 0])).ShouldBe(0);
        (await opened.Catalog.FindJobAsync(older.Id, default))!.Status.ShouldBe(DocumentStatus.Superseded);
        (await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default)).ShouldBe([newer.Id]);
    }

    [Fact]
    public async Task An_expired_lease_gives_the_job_to_another_worker_and_the_first_one_can_no_longer_harm_it()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Guid id = (await opened.AcceptAsync(row, "d")).Id;
        await ClaimAsync(opened, [id]);
        Job slow = (await opened.Catalog.BeginAsync(id, OpenedCatalog.Lease, default))!;
        (await opened.Catalog.BeginAsync(id, OpenedCatalog.Lease, default)).ShouldBeNull("a job that is held is not begun twice");
        _clock.Advance(OpenedCatalog.Lease / 2);
        (await opened.Catalog.ExtendLeaseAsync(slow, OpenedCatalog.Lease, default)).ShouldBeTrue();
        _clock.Advance(OpenedCatalog.Lease / 2);
        await ClaimAsync(opened, []);

        _clock.Advance(OpenedCatalog.Lease);
        await ClaimAsync(opened, [id]);
        Job second = (await opened.Catalog.BeginAsync(id, OpenedCatalog.Lease, default))!;
        second.Attempts.ShouldBe(2);
        (await opened.Catalog.ExtendLeaseAsync(slow, OpenedCatalog.Lease, default)).ShouldBeFalse();
        await opened.Catalog.FailAsync(slow, "too late", null, null, default);
        (await opened.Catalog.FindJobAsync(id, default))!.Status.ShouldBe(DocumentStatus.Processing);

        (await opened.StoreAsync(row, second, [1, 0, 0, 0])).ShouldBe(1);
        (await opened.StoreAsync(row, slow, [1, 0, 0, 0])).ShouldBe(0, "the job is finished");
        (opened.Catalog.OpenJobs, (await opened.Catalog.DescribeCollectionAsync("c", default)).Chunks).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Releasing_leases_makes_every_open_job_due_but_not_before_its_next_attempt()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Guid claimed = (await opened.AcceptAsync(row, "a")).Id, begun = (await opened.AcceptAsync(row, "b")).Id, waiting = (await opened.AcceptAsync(row, "c")).Id;
        await ClaimAsync(opened, [claimed, begun, waiting]);
        await opened.Catalog.BeginAsync(begun, OpenedCatalog.Lease, default);
        Job failed = (await opened.Catalog.BeginAsync(waiting, OpenedCatalog.Lease, default))!;
        await opened.Catalog.FailAsync(failed, "a reason", null, _clock.GetUtcNow().AddMinutes(1), default);

        await opened.ReopenAsync();
        opened.Catalog.OpenJobs.ShouldBe(3);
        await ClaimAsync(opened, []);
        await opened.Catalog.ReleaseLeasesAsync(default);
        await ClaimAsync(opened, [claimed, begun]);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await ClaimAsync(opened, [waiting]);
    }

    [Fact]
    public async Task Waiting_ends_with_the_job_with_its_collection_and_with_the_callers_patience()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync(_clock);
        CollectionRow row = await opened.CreateCollectionAsync();
        Job job = await opened.AcceptAsync(row, "a"), gone = await opened.AcceptAsync(row, "b");
        Task<Job> finished = opened.Catalog.WaitAsync(job.Id, default), deleted = opened.Catalog.WaitAsync(gone.Id, default);
        using CancellationTokenSource impatient = new(50);
        await Should.ThrowAsync<OperationCanceledException>(() => opened.Catalog.WaitAsync(job.Id, impatient.Token));

        await opened.StoreAsync(row, (await opened.Catalog.BeginAsync(job.Id, OpenedCatalog.Lease, default))!, [1, 0, 0, 0]);
        (await finished.WaitAsync(TimeSpan.FromSeconds(30))).Status.ShouldBe(DocumentStatus.Indexed);
        await opened.Catalog.DeleteCollectionAsync("c", default);
        (await Should.ThrowAsync<RetrievalException>(() => deleted.WaitAsync(TimeSpan.FromSeconds(30)))).Problem.Kind.ShouldBe(ErrorKind.NotFound);
        opened.Catalog.OpenJobs.ShouldBe(0);
    }

    private static async Task ClaimAsync(OpenedCatalog opened, Guid[] expected) =>
        (await opened.Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default)).ShouldBe(expected, ignoreOrder: true);
}
