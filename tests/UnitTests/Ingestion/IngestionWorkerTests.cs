using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.UnitTests.Ingestion.Readers;
using Retrieval.Storage;
using Retrieval.UnitTests.Storage;

namespace Retrieval.UnitTests.Ingestion;

public sealed class IngestionWorkerTests
{
    private static readonly IngestionOptions Options = new() { MaxAttempts = 3, RetrySeconds = 2 };

    [Fact]
    public async Task A_document_becomes_chunks_whose_vectors_are_those_of_the_encoded_texts()
    {
        await using Bench bench = await Bench.CreateAsync();
        string text = string.Join(' ', Enumerable.Range(0, 700).Select(i => $"Sentence number {i} is here."));
        Job job = await bench.WorkAsync(await bench.AcceptAsync("d", text, title: "A title"));
        (job.Status, job.Attempts, job.Payload).ShouldBe((DocumentStatus.Indexed, 1, null));
        job.Timeline.Select(t => t.Step).ShouldBe(["accepted", "processing", "read", "chunked", "encoded", "stored", "indexed"]);

        await using EmbeddedIndex index = OpenedCatalog.CreateIndex(bench.Catalog, 30);
        await index.StartAsync(default);
        IReadOnlyList<string> texts = [.. bench.Encoder.Requests.SelectMany(r => r.Texts)];
        texts.Count.ShouldBe(job.Chunks);
        bench.Encoder.Requests.Count.ShouldBeGreaterThan(1, "a large document goes in slices");
        foreach (string encoded in texts)
        {
            long row = index.Search(bench.Collection, ScriptedEncoder.Vector(encoded, 4), 1, null, default).Single().Row;
            encoded.ShouldBe($"A title {(await bench.Catalog.ReadChunksAsync(bench.Collection, [row], default)).Single().Text}");
        }
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again_later_each_time_after_a_longer_pause_and_then_given_up_with_the_reason()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = _ => throw new RetrievalException(ErrorKind.Internal, "A batch broke.");
        Guid id = await bench.AcceptAsync("d", "text");
        foreach ((int attempt, int pause) in ((int, int)[])[(1, 2), (2, 4)])
        {
            Job waiting = await bench.WorkAsync(id);
            (waiting.Status, waiting.Attempts, waiting.NextAttemptAt).ShouldBe((DocumentStatus.Accepted, attempt, bench.Clock.GetUtcNow().AddSeconds(pause)));
            waiting.Error!.ShouldContain("A batch broke.");
            bench.Clock.Advance(TimeSpan.FromSeconds(pause - 0.5));
            (await bench.ClaimAsync()).ShouldBeEmpty();
            bench.Clock.Advance(TimeSpan.FromSeconds(0.5));
            (await bench.ClaimAsync()).ShouldBe([id]);
        }
        Job failed = await bench.WorkAsync(id);
        (failed.Status, failed.Attempts).ShouldBe((DocumentStatus.Failed, 3));
        failed.Error!.ShouldContain("A batch broke.");
        failed.Timeline.Select(t => t.Step).ShouldBe(["accepted", "retry", "retry", "failed"]);
        (bench.Catalog.OpenJobs, (await bench.ClaimAsync()).Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_role_that_is_away_is_waited_for_beyond_the_last_attempt_with_a_pause_that_stops_growing()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = call => call < 6 ? throw new RetrievalException(ErrorKind.Unavailable, "The encoder is away.") : Task.CompletedTask;
        Guid id = await bench.AcceptAsync("d", "text");
        foreach (int pause in (int[])[2, 4, 8, 8, 8, 8])
        {
            Job waiting = await bench.WorkAsync(id);
            (waiting.Status, waiting.NextAttemptAt).ShouldBe((DocumentStatus.Accepted, bench.Clock.GetUtcNow().AddSeconds(pause)));
            bench.Clock.Advance(TimeSpan.FromSeconds(pause));
        }
        (await bench.WorkAsync(id)).Status.ShouldBe(DocumentStatus.Indexed);
    }

    [Fact]
    public async Task An_exception_nobody_foresaw_is_tried_again_and_a_pass_is_a_pass()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = call => call == 0 ? throw new InvalidOperationException("a defect") : call == 1 ? throw new TaskCanceledException("a time-out inside") : Task.CompletedTask;
        Guid id = await bench.AcceptAsync("d", "text");
        (await bench.WorkAsync(id)).Error!.ShouldContain("InvalidOperationException: a defect");
        (await bench.WorkAsync(id)).Attempts.ShouldBe(1, "a message that comes twice begins nothing before the next attempt is due");
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        (await bench.WorkAsync(id)).Status.ShouldBe(DocumentStatus.Accepted);
        bench.Clock.Advance(TimeSpan.FromSeconds(4));
        Job done = await bench.WorkAsync(id);
        (done.Status, done.Attempts, done.Error).ShouldBe((DocumentStatus.Indexed, 3, null));
    }

    [Fact]
    public async Task A_document_that_is_at_fault_itself_is_failed_at_once()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = _ => throw new RetrievalException(ErrorKind.Invalid, "This text cannot be read.");
        Job failed = await bench.WorkAsync(await bench.AcceptAsync("d", "text"));
        (failed.Status, failed.Attempts).ShouldBe((DocumentStatus.Failed, 1));
        failed.Error!.ShouldContain("This text cannot be read.");
    }

    [Fact]
    public async Task Vectors_of_another_space_or_of_another_number_are_never_stored()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Space = "another space";
        Job mismatch = await bench.WorkAsync(await bench.AcceptAsync("a", "text"));
        mismatch.Status.ShouldBe(DocumentStatus.Failed);
        mismatch.Error!.ShouldContain("another space");
        mismatch.Error!.ShouldContain(bench.Collection.Space);

        (bench.Encoder.Space, bench.Encoder.Missing) = (bench.Collection.Space, 1);
        Job incomplete = await bench.WorkAsync(await bench.AcceptAsync("b", "text"));
        (incomplete.Status, incomplete.Attempts).ShouldBe((DocumentStatus.Accepted, 1));
        (await bench.Catalog.DescribeCollectionAsync("c", default)).Chunks.ShouldBe(0);
    }

    [Fact]
    public async Task A_full_encoder_costs_time_but_no_attempt()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = call => call < 3 ? throw new RetrievalException(ErrorKind.Overloaded, "full") : Task.CompletedTask;
        Job done = await bench.WorkAsync(await bench.AcceptAsync("d", "text"));
        (done.Status, done.Attempts, bench.Encoder.Requests.Count).ShouldBe((DocumentStatus.Indexed, 1, 4));
    }

    [Fact]
    public async Task A_newer_version_that_arrives_during_the_encoding_supersedes()
    {
        await using Bench bench = await Bench.CreateAsync();
        Guid newer = default;
        bench.Encoder.Before = async call => newer = call == 0 ? await bench.AcceptAsync("d", "new text") : newer;
        Job older = await bench.WorkAsync(await bench.AcceptAsync("d", "old text"));
        older.Status.ShouldBe(DocumentStatus.Superseded);
        (await bench.Catalog.FindDocumentAsync(bench.Collection, "d", default))!.Generation.ShouldBe(0);
        (await bench.ClaimAsync()).ShouldBe([newer]);
        (await bench.WorkAsync(newer)).Status.ShouldBe(DocumentStatus.Indexed);
        (await bench.Catalog.FindDocumentAsync(bench.Collection, "d", default))!.Text.ShouldBe("new text");
        bench.Catalog.OpenJobs.ShouldBe(0);
    }

    [Fact]
    public async Task A_long_document_keeps_its_lease_while_it_makes_progress_and_stops_when_it_is_no_longer_wanted()
    {
        await using Bench bench = await Bench.CreateAsync();
        string text = string.Join("\n\n", Enumerable.Range(0, 9000).Select(i => $"Sentence number {i} is here."));
        List<int> due = [];
        bench.Encoder.Before = async call =>
        {
            bench.Clock.Advance(Options.Lease * 0.6);
            due.Add(call == 0 ? 0 : (await bench.ClaimAsync()).Count);
            if (call == 6)
            {
                await bench.AcceptAsync("d", "new text");
            }
        };
        Job older = await bench.WorkAsync(await bench.AcceptAsync("d", text));
        due.ShouldAllBe(d => d == 0);
        (older.Status, older.Attempts, bench.Encoder.Requests.Count).ShouldBe((DocumentStatus.Superseded, 1, 7));
    }

    [Fact]
    public async Task A_collection_that_is_deleted_during_the_work_leaves_nothing_even_when_its_name_is_used_again()
    {
        await using Bench bench = await Bench.CreateAsync();
        bench.Encoder.Before = async call =>
        {
            await bench.Catalog.DeleteCollectionAsync("c", default);
            await bench.Catalog.PutCollectionAsync("c", "model", bench.Model.Space, null, default);
        };
        Guid id = await bench.AcceptAsync("d", "text");
        await bench.Worker.WorkAsync(id, default);
        (await bench.Catalog.FindJobAsync(id, default)).ShouldBeNull();
        CollectionInfo info = await bench.Catalog.DescribeCollectionAsync("c", default);
        (info.Documents, info.Chunks, info.OpenJobs, info.Seq, bench.Catalog.OpenJobs).ShouldBe((0, 0, 0, 0, 0));
    }

    [Fact]
    public async Task A_removal_takes_the_document_away_and_a_stop_of_the_server_leaves_the_job_open()
    {
        await using Bench bench = await Bench.CreateAsync();
        await bench.WorkAsync(await bench.AcceptAsync("d", "text"));
        Job removal = await bench.Opened.AcceptDeletionAsync(bench.Collection, "d");
        (await bench.WorkAsync(removal.Id)).Status.ShouldBe(DocumentStatus.Deleted);
        (await bench.Catalog.FindDocumentAsync(bench.Collection, "d", default)).ShouldBeNull();

        using CancellationTokenSource stop = new();
        bench.Encoder.Before = async _ =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        };
        Guid open = await bench.AcceptAsync("e", "text");
        await Should.ThrowAsync<OperationCanceledException>(() => bench.Worker.WorkAsync(open, stop.Token));
        (await bench.Catalog.FindJobAsync(open, default))!.Status.ShouldBe(DocumentStatus.Accepted);
        (await bench.ClaimAsync()).ShouldBe([open], "without waiting for its lease to end, and without counting as a crash");
    }

    [Theory]
    [InlineData("# The *first* `heading`\n\ntext", "The first heading")]
    [InlineData("intro\n\nSetext\n===\n", "Setext")]
    [InlineData("---\ntitle: not this\n---\n\n# But this\n", "But this")]
    [InlineData("no heading", null)]
    [InlineData("#\n\ntext", null)]
    public async Task Markdown_without_a_title_takes_its_first_heading(string text, string? title)
    {
        await using Bench bench = await Bench.CreateAsync();
        Job job = await bench.Catalog.AcceptAsync(bench.Collection, JobKind.Upsert, JobQueue.Interactive, new DocumentInput { Id = "d", Text = text }, "text/markdown", default);
        await bench.WorkAsync(job.Id);
        (await bench.Catalog.FindDocumentAsync(bench.Collection, "d", default))!.Title.ShouldBe(title);
    }

    [Fact]
    public void The_pause_doubles_up_to_five_minutes_for_any_number_of_attempts()
    {
        IngestionOptions options = new() { RetrySeconds = 2 };
        Enumerable.Range(1, 10).Select(a => options.RetryDelay(a).TotalSeconds).ShouldBe([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        options.RetryDelay(100).ShouldBe(TimeSpan.FromMinutes(5));
        options.RetryDelay(100_000).ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Room_is_signalled_once_however_many_jobs_were_finished_before()
    {
        ManualClock clock = new();
        OpenDispatches open = new(Options, clock);
        for (int i = 0; i < 100; i++)
        {
            Guid id = JobId.New(TimeProvider.System);
            open.Add(id, i % 2 == 0 ? JobQueue.Bulk : JobQueue.Interactive);
            open.Count(JobQueue.Bulk).ShouldBe(i % 2 == 0 ? 1 : 0);
            open.Remove(id);
            open.Remove(id);
        }
        await open.WaitForRoomAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
        using CancellationTokenSource soon = new(50);
        await Should.ThrowAsync<OperationCanceledException>(() => open.WaitForRoomAsync(soon.Token));

        open.Add(JobId.New(clock), JobQueue.Bulk);
        clock.Advance(Options.Lease * 1.1);
        open.Count(JobQueue.Bulk).ShouldBe(0, "a message that is lost holds no place for ever");
    }

    [Fact]
    public async Task A_rewritten_document_encodes_only_what_has_changed_and_its_vectors_are_those_of_a_new_one()
    {
        await using Bench bench = await Bench.CreateAsync();
        string[] paragraphs = [.. Enumerable.Range(0, 40).Select(i => $"# Part {i}\n\nThe sentence of part number {i} is about the river {i * 7} and the old lamp.")];
        Job first = await bench.WorkAsync(await bench.AcceptMarkdownAsync("d", paragraphs));
        (first.Chunks, first.Reused).ShouldBe((40, 0));
        paragraphs[3] = "# Part 3\n\nThis one is new.";
        (paragraphs[10], paragraphs[11]) = (paragraphs[11], paragraphs[10]);
        paragraphs[39] = "# Part 39\n\nThis one as well.";
        bench.Encoder.Requests.Clear();

        Job second = await bench.WorkAsync(await bench.AcceptMarkdownAsync("d", paragraphs));
        (second.Chunks, second.Reused).ShouldBe((40, 38));
        second.Timeline.Single(t => t.Step == "encoded").Note!.ShouldStartWith("38 of 40 chunks reused");
        bench.Encoder.Requests.SelectMany(r => r.Texts).Count().ShouldBe(2);
        second.Timeline.Where(t => t.Step is "read" or "chunked" or "encoded" or "stored").ShouldAllBe(t => t.Milliseconds >= 0);

        await bench.WorkAsync(await bench.AcceptMarkdownAsync("new", paragraphs));
        IReadOnlyList<DocumentChange> changes = await bench.Catalog.ReadChangesAsync(bench.Collection.Id, 0, 10, default);
        changes[0].Chunks.Select(c => c.Vector).ShouldBe(changes[1].Chunks.Select(c => c.Vector));

        Job third = await bench.WorkAsync(await bench.AcceptMarkdownAsync("d", paragraphs));
        (third.Reused, third.Generation).ShouldBe((40, 3L));
    }

    [Fact]
    public async Task A_document_that_takes_the_process_down_each_time_is_given_up_and_those_beside_it_are_not()
    {
        await using Bench bench = await Bench.CreateAsync();
        Guid poison = await bench.AcceptAsync("poison", "text");
        List<Guid> others = [];
        for (int i = 0; i < 20; i++)
        {
            others.Add(await bench.AcceptAsync($"d{i}", "text"));
        }
        for (int life = 0; life < 20 && bench.Catalog.OpenJobs > 0; life++)
        {
            await bench.Catalog.ReleaseLeasesAsync(default);
            while (await bench.ClaimAsync() is { Count: > 0 } claimed)
            {
                if (claimed.Contains(poison) && (await bench.Catalog.FindJobAsync(poison, default))!.Crashes < Options.MaxAttempts)
                {
                    foreach (Guid id in claimed)
                    {
                        await bench.Catalog.BeginAsync(id, Options.Lease, default); // all at work when the process dies
                    }
                    break;
                }
                foreach (Guid id in claimed)
                {
                    await bench.WorkAsync(id);
                }
            }
        }
        Job failed = (await bench.Catalog.FindJobAsync(poison, default))!;
        (failed.Status, failed.Crashes).ShouldBe((DocumentStatus.Failed, Options.MaxAttempts));
        failed.Error!.ShouldContain("the process died each time");
        foreach (Guid id in others)
        {
            (await bench.Catalog.FindJobAsync(id, default))!.Status.ShouldBe(DocumentStatus.Indexed);
        }
    }

    [Fact]
    public async Task The_steps_of_an_attempt_can_be_watched_while_it_is_in_work_and_the_row_tells_them_afterwards()
    {
        await using Bench bench = await Bench.CreateAsync();
        string[] seen = [];
        Guid id = await bench.AcceptAsync("d", "text");
        bench.Encoder.Before = async _ => seen = [.. bench.Progress.With((await bench.Catalog.FindJobAsync(id, default))!).Timeline.Select(t => t.Step)];
        Job done = await bench.WorkAsync(id);
        seen.ShouldBe(["accepted", "processing", "read", "chunked"]);
        bench.Progress.With(done).Timeline.Select(t => t.Step).ShouldBe(["accepted", "processing", "read", "chunked", "encoded", "stored", "indexed"]);
    }

    private sealed class Bench : IAsyncDisposable
    {
        public required ManualClock Clock { get; init; }
        public required OpenedCatalog Opened { get; init; }
        public required CollectionRow Collection { get; init; }
        public required EncoderDescription Model { get; init; }
        public required ScriptedEncoder Encoder { get; init; }
        public required IngestionWorker Worker { get; init; }
        public required JobProgress Progress { get; init; }
        public Catalog Catalog => Opened.Catalog;

        public static async Task<Bench> CreateAsync()
        {
            EncoderDescription model = RealTokenizer.Describe(RealTokenizer.Shipped, maxTokens: 32);
            ManualClock clock = new();
            OpenedCatalog opened = await OpenedCatalog.CreateAsync(clock);
            ScriptedEncoder encoder = new(model);
            JobProgress progress = new();
            return new Bench
            {
                Progress = progress,
                Clock = clock,
                Opened = opened,
                Collection = await opened.Catalog.PutCollectionAsync("c", "model", model.Space, null, default),
                Model = model,
                Encoder = encoder,
                Worker = new IngestionWorker(new WorkerTools(opened.Catalog, new DocumentReader(opened.Catalog, ReaderProcesses.Shared, Options), encoder, RealTokenizer.Cache, progress), Options, clock, NullLogger<IngestionWorker>.Instance),
            };
        }

        public async Task<Guid> AcceptAsync(string id, string text, string? title = null) =>
            (await Catalog.AcceptAsync(Collection, JobKind.Upsert, JobQueue.Interactive, new DocumentInput { Id = id, Text = text, Title = title }, "text/plain", default)).Id;

        public async Task<Guid> AcceptMarkdownAsync(string id, string[] paragraphs) =>
            (await Catalog.AcceptAsync(Collection, JobKind.Upsert, JobQueue.Interactive, new DocumentInput { Id = id, Text = string.Join("\n\n", paragraphs), Title = "A title" }, "text/markdown", default)).Id;

        public Task<IReadOnlyList<Guid>> ClaimAsync() => Catalog.ClaimDueAsync(JobQueue.Interactive, 10, OpenedCatalog.Lease, default);

        public async Task<Job> WorkAsync(Guid id)
        {
            await Worker.WorkAsync(id, default);
            return (await Catalog.FindJobAsync(id, default))!;
        }

        public ValueTask DisposeAsync() => Opened.DisposeAsync();
    }
}
