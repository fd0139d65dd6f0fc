using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Encoder.Serving;

/// <summary>What happens when real sessions fail, hang or are late.</summary>
public sealed class BatchLoopTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_that_fails_fails_alone_and_its_neighbours_have_their_vectors()
    {
        using LocalEncoder encoder = Load(TableModel.Write(_folder["m"]));
        float[] expected = (await encoder.EmbedAsync(new EmbedRequest(["w1 w2"]), None)).Vectors[0];
        // Of one length and sent at once while a longer text runs, so that they come into one batch.
        Task<EmbedResult>[] all = [.. Enumerable.Range(0, 20).Select(i => encoder.EmbedAsync(new EmbedRequest([i == 7 ? $"w1 {TableModel.Failing}" : "w1 w2"]), None))];
        for (int i = 0; i < all.Length; i++)
        {
            if (i == 7)
            {
                (await Should.ThrowAsync<RetrievalException>(() => all[i])).Problem.Kind.ShouldBe(ErrorKind.Internal);
            }
            else
            {
                (await all[i]).Vectors[0].ShouldBe(expected);
            }
        }
        encoder.Died.IsCompleted.ShouldBeFalse();
        (await encoder.EmbedAsync(new EmbedRequest(["w1 w2"]), None)).Vectors[0].ShouldBe(expected);
    }

    [Fact]
    public async Task When_nothing_runs_any_more_all_that_waits_fails_at_once_with_the_reason()
    {
        using LocalEncoder encoder = Load(TableModel.Write(_folder["m"], unknownFails: true));
        await encoder.EmbedAsync(new EmbedRequest(["w1"]), None);
        Task<EmbedResult> last = encoder.EmbedAsync(new EmbedRequest(["unheard of"]), None);
        await Should.ThrowAsync<RetrievalException>(() => last.WaitAsync(Bound, None));
        RetrievalException reason = await encoder.Died.WaitAsync(Bound, None);
        (reason.Problem.Kind, reason.Message.Contains("runs nothing any more", StringComparison.Ordinal)).ShouldBe((ErrorKind.Unavailable, true), reason.Message);
        (await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest(["w1"]), None))).Problem.ShouldBe(reason.Problem);
    }

    [Fact]
    public async Task A_run_that_does_not_come_back_is_found_and_everything_in_flight_hears_of_it()
    {
        LocalEncoder encoder = Load(TableModel.Write(_folder["m"]), new EncoderOptions { RunSeconds = 0.5, Threads = 1 });
        Task<EmbedResult> hanging = encoder.EmbedAsync(new EmbedRequest([TableModel.Hanging]), None), waiting = encoder.EmbedAsync(new EmbedRequest(["w1 w2 w3 w4 w5 w6 w7 w8 w9"], InputKind.Document), None);
        foreach (Task<EmbedResult> one in (Task<EmbedResult>[])[hanging, waiting])
        {
            (await Should.ThrowAsync<RetrievalException>(() => one.WaitAsync(Bound, None))).Message.ShouldContain("has not come back after 0.5 s (Encoder:RunSeconds)");
        }
        encoder.Died.IsCompleted.ShouldBeTrue();
        encoder.Dispose(); // does not wait for the run, which never ends: its thread spins until this process ends
    }

    [Fact]
    public async Task What_expired_or_was_cancelled_in_the_queue_costs_no_run()
    {
        ManualClock clock = new();
        using ModelServing one = new(TableModel.Write(_folder["m"]), TimeSpan.FromSeconds(10), clock);
        using CancellationTokenSource gone = new();
        TextWork expired = one.Text("w1"), cancelled = one.Text("w2", gone.Token), lively = one.Text("w3");
        one.Queue.Add([expired], true);
        clock.Advance(TimeSpan.FromSeconds(8));
        one.Queue.Add([cancelled, lively], false);
        await gone.CancelAsync();
        clock.Advance(TimeSpan.FromSeconds(3));

        List<TextWork> taken = [];
        one.Queue.Close();
        while (one.Queue.Take() is { } batch)
        {
            taken.AddRange(batch);
        }
        taken.ShouldBe([lively]);
        RetrievalException late = await Should.ThrowAsync<RetrievalException>(() => expired.Done.Task);
        (late.Problem.Kind, late.Problem.Limit).ShouldBe((ErrorKind.Overloaded, "10 s (Encoder:QueueSeconds)"));
        cancelled.Done.Task.IsCanceled.ShouldBeTrue();
        one.Queue.State(true).Texts.ShouldBe(0);
        one.Queue.State(false).Tokens.ShouldBe(0);
    }

    /// <summary>Everything that a text costs between its characters and its vector, on one thread so that it can be counted.</summary>
    [Fact]
    public void A_text_s_way_allocates_little_beside_its_vector()
    {
        const int Texts = 512, Most = 1_200; // 820 to 920 here, as the pool is shared: the work, its task, ids that the pool did not have, and a share of its batch
        using ModelServing one = new(TestData.DefaultModel, TimeSpan.FromHours(1), TimeProvider.System);
        Random random = new(5);
        string[] texts = [.. Enumerable.Range(0, Texts).Select(_ => TableModel.Text(random.Next(2, 60), random))];
        using BatchBuffers buffers = new();
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Round();
        double bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Texts, vector = 384 * sizeof(float) + 24;
        TestContext.Current.TestOutputHelper!.WriteLine($"{bytes:0} bytes a text, {vector:0} of them its vector");
        (bytes - vector).ShouldBeLessThan(Most);

        void Round()
        {
            foreach (string[] request in texts.Chunk(32))
            {
                one.Queue.Add([.. request.Select(t => one.Text(t))], false);
            }
            for (int done = 0; done < Texts;)
            {
                List<TextWork> batch = one.Queue.Take()!;
                one.Model.Run(batch, buffers);
                done += batch.Count;
            }
        }
    }

    private static LocalEncoder Load(string folder, EncoderOptions? options = null) => LocalEncoder.Load(
        new EncoderOptions { Models = [new ModelOptions { Path = folder }], Provider = "cpu", Threads = 1, CacheBytes = 0, RunSeconds = options?.RunSeconds ?? 300 }, NullLogger.Instance);

    /// <summary>A model and its queue without threads.</summary>
    private sealed class ModelServing(string folder, TimeSpan wait, TimeProvider time) : IDisposable
    {
        private readonly EncodingBuffer _tokens = new();

        public EncoderModel Model { get; } = ServedModel.Open(new ModelOptions { Path = folder }, new EncoderOptions { Provider = "cpu" }, NullLogger.Instance).Documents;

        public BatchQueue Queue { get; } = new("m", new BatchLimits(1_000_000, 512, wait), time);

        public TextWork Text(string text, CancellationToken cancellationToken = default)
        {
            Model.Tokenizer.Encode(text, true, Model.Description.Space.MaxTokens, _tokens);
            return new TextWork(_tokens, 0, cancellationToken);
        }

        public void Dispose() => Model.Dispose();
    }
}
