using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>Trainings for callers, one at a time, since each takes every core; a few wait, more are refused. Those of the index don't wait here: there is one at a time anyway.</summary>
internal sealed class TrainingQueue(CompressionOptions options) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private int _asked;

    /// <summary>Runs when it is its turn.</summary>
    /// <exception cref="RetrievalException">Overloaded: too many wait already.</exception>
    public async Task<byte[]> RunAsync(Func<Task<byte[]>> train, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _asked) > 1 + options.MaxWaitingTrainings)
            {
                throw new RetrievalException(ErrorKind.Overloaded, $"A codec is being trained and {options.MaxWaitingTrainings} more wait.", "codec", $"{options.MaxWaitingTrainings + 2} trainings",
                    $"{options.MaxWaitingTrainings + 1}", "Try again later, or raise Compression:MaxWaitingTrainings.");
            }
            await _one.WaitAsync(cancellationToken);
            try
            {
                // Off the caller's thread, or the next one could not even be refused on a machine with one core.
                return await Task.Factory.StartNew(train, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }

    public void Dispose() => _one.Dispose();
}
