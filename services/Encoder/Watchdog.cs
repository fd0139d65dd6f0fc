using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Where a model that can compute no more is reported. The process then ends: what is started anew has a chance, a server that answers errors for ever has none.</summary>
internal sealed class Watchdog
{
    private readonly TaskCompletionSource<RetrievalException> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the reason of the first model that died; never otherwise.</summary>
    public Task<RetrievalException> Died => _died.Task;

    public void Report(RetrievalException reason) => _died.TrySetResult(reason);
}
