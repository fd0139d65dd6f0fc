using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Encoder;

public sealed class BatchQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_text_is_in_exactly_one_batch_and_no_batch_is_over_its_budget(int seed)
    {
        const int Budget = 256;
        Random random = new(seed);
        BatchQueue queue = Queue(1_000_000, Budget);
        List<TextWork> added = [];
        for (int request = 0; request < 50; request++)
        {
            TextWork[] texts = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Text(random.Next(2, 300)))];
            queue.Add(texts, random.Next(2) == 0);
            added.AddRange(texts);
        }
        queue.Close();

        List<TextWork> taken = [];
        while (queue.Take() is { } batch)
        {
            (batch.Count == 1 || batch.Count * batch.Max(t => t.Length) <= Budget).ShouldBeTrue($"seed {seed}: {batch.Count} x {batch.Max(t => t.Length)}");
            (batch.Max(t => t.Length) - batch.Min(t => t.Length)).ShouldBeLessThanOrEqualTo(2 * (batch[0].Length / 8 + 1), $"seed {seed}");
            taken.AddRange(batch);
        }
        taken.Count.ShouldBe(added.Count, $"seed {seed}");
        taken.ShouldBe(added, ignoreOrder: true);
    }

    [Fact]
    public void Queries_go_first_and_documents_have_their_turn()
    {
        BatchQueue queue = Queue(1_000_000, 10);
        TextWork document = Text(10);
        queue.Add([document], false);
        queue.Add([.. Enumerable.Range(0, 20).Select(_ => Text(10))], true);

        List<TextWork> order = [.. Enumerable.Range(0, 21).Select(_ => queue.Take()!.Single())];
        order.IndexOf(document).ShouldBe(4);
    }

    [Fact]
    public void A_full_queue_refuses_with_its_bound_and_takes_again_when_a_batch_has_left()
    {
        BatchQueue queue = Queue(100, 100);
        queue.Add([Text(60)], true);
        RetrievalException full = Should.Throw<RetrievalException>(() => queue.Add([Text(20), Text(30)], true));
        full.Problem.Kind.ShouldBe(ErrorKind.Overloaded);
        full.Problem.Limit!.ShouldContain("100");
        Should.Throw<RetrievalException>(() => queue.Add([Text(101)], true)).Problem.Kind.ShouldBe(ErrorKind.TooLarge);

        queue.Take()!.Count.ShouldBe(1);
        queue.Add([Text(20), Text(30)], true);
    }

    [Fact]
    public void A_cancelled_text_leaves_without_being_computed_and_frees_its_room()
    {
        using CancellationTokenSource cancel = new();
        BatchQueue queue = Queue(100, 100);
        TextWork gone = Text(80, cancel.Token), stays = Text(20);
        queue.Add([gone], true);
        cancel.Cancel();
        queue.Add([stays], true);
        queue.Take()!.ShouldBe([stays]);
        gone.Done.Task.IsCanceled.ShouldBeTrue();
        queue.Add([Text(100)], true);
    }

    [Fact]
    public void A_closed_queue_hands_out_what_waits_and_then_ends()
    {
        BatchQueue queue = Queue(100, 10);
        queue.Add([Text(10), Text(10)], false);
        queue.Close();
        queue.Take().ShouldNotBeNull();
        queue.Take().ShouldNotBeNull();
        queue.Take().ShouldBeNull();
        Should.Throw<RetrievalException>(() => queue.Add([Text(1)], true)).Problem.Kind.ShouldBe(ErrorKind.Unavailable);
    }

    private static BatchQueue Queue(int mostTokens, int batchTokens) => new("m", new BatchLimits(mostTokens, batchTokens, TimeSpan.FromMinutes(1)), TimeProvider.System);

    private static TextWork Text(int tokens, CancellationToken cancellationToken = default) =>
        new(new Encoding(new int[tokens], new int[tokens], new int[tokens], new int[tokens], new bool[tokens]), false, 0, cancellationToken);
}
