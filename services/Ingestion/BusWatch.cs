using MassTransit;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>
/// Knows whether the queues take messages. While they don't, nothing is dispatched and accepted jobs wait in their rows. When they do again, everything that was sent and not begun is due once
/// more: what the broker kept arrives twice, and the row says that it was done.
/// </summary>
internal sealed class BusWatch(Catalog catalog, OpenDispatches open, QueueOptions queue, ILogger<BusWatch> logger) : IReceiveEndpointObserver
{
    private readonly Lock _lock = new();
    private readonly HashSet<Uri> _ready = [];
    private TaskCompletionSource _allReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _said, _wasReady;

    /// <summary>Returns when both queues take messages.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _allReady.Task.WaitAsync(cancellationToken);
        }
    }

    public async Task Ready(ReceiveEndpointReady ready)
    {
        bool again;
        lock (_lock)
        {
            _ready.Add(ready.InputAddress);
            if (_ready.Count < IngestionRole.Queues || _allReady.Task.IsCompleted)
            {
                return;
            }
            again = _wasReady || _said;
        }
        if (again)
        {
            Log.BrokerAnswers(logger, queue.Shown);
            open.Clear();
            await catalog.ReleaseDispatchedAsync(CancellationToken.None);
        }
        lock (_lock)
        {
            (_wasReady, _said) = (true, false);
            _allReady.TrySetResult();
        }
    }

    public Task Faulted(ReceiveEndpointFaulted faulted)
    {
        lock (_lock)
        {
            _ready.Remove(faulted.InputAddress);
            if (_allReady.Task.IsCompleted)
            {
                _allReady = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            if (!_said)
            {
                _said = true;
                Log.BrokerAway(logger, queue.Shown, faulted.Exception?.GetBaseException().Message ?? "the connection was closed.");
            }
        }
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;
}
