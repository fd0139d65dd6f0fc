using Retrieval.Compression;
using Retrieval.Contracts;

namespace Retrieval.UnitTests.Compression;

public sealed class TrainingQueueTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Trainings_run_one_at_a_time_some_wait_and_more_are_refused()
    {
        using TrainingQueue queue = new(new CompressionOptions { MaxWaitingTrainings = 2 });
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        (int running, int most) = (0, 0);
        async Task<byte[]> TrainAsync()
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await go.Task;
            Interlocked.Decrement(ref running);
            return [1];
        }
        Task<byte[]>[] accepted = [.. Enumerable.Range(0, 3).Select(_ => queue.RunAsync(TrainAsync, default))];
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => queue.RunAsync(TrainAsync, default))).Problem;
        (problem.Kind, problem.Status, problem.Limit).ShouldBe((ErrorKind.Overloaded, 429, "3"));
        problem.Help.ShouldNotBeNull().ShouldContain("Compression:MaxWaitingTrainings");
        go.SetResult();
        (await Task.WhenAll(accepted).WaitAsync(Hang)).Length.ShouldBe(3);
        most.ShouldBe(1);
        (await queue.RunAsync(TrainAsync, default).WaitAsync(Hang)).ShouldBe([1]);
    }

    [Fact]
    public async Task A_training_that_fails_and_a_caller_that_leaves_give_their_place_back()
    {
        using TrainingQueue queue = new(new CompressionOptions { MaxWaitingTrainings = 1 });
        await Should.ThrowAsync<InvalidOperationException>(() => queue.RunAsync(() => throw new InvalidOperationException(), default));
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource leaves = new();
        Task<byte[]> runs = queue.RunAsync(async () => { await go.Task; return []; }, default), waits = queue.RunAsync(() => Task.FromResult<byte[]>([]), leaves.Token);
        await leaves.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waits.WaitAsync(Hang));
        Task<byte[]> next = queue.RunAsync(() => Task.FromResult<byte[]>([7]), default);
        go.SetResult();
        await runs.WaitAsync(Hang);
        (await next.WaitAsync(Hang)).ShouldBe([7]);
    }
}
