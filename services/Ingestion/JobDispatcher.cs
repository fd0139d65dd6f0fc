using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>
/// Sends the ids of due jobs to the queues, at most twice a queue's prefetch at once. The rows in the catalog are the outbox:
/// a job that was accepted before a crash, or whose next attempt is due, is found here like a new one.
/// </summary>
internal sealed class JobDispatcher(Dispatching dispatching, IBus bus, BusWatch watch, IngestionOptions options, ILogger<JobDispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1), SendLimit = TimeSpan.FromSeconds(10);
    private readonly Catalog _catalog = dispatching.Catalog;
    private readonly OpenDispatches _open = dispatching.Open;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _catalog.ReleaseLeasesAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await watch.WaitAsync(stoppingToken);
                await DispatchAsync(JobQueue.Interactive, 2 * options.InteractivePrefetch, stoppingToken);
                if (await dispatching.Index.LagAsync(stoppingToken) < options.MaxIndexLag)
                {
                    await DispatchAsync(JobQueue.Bulk, 2 * options.BulkPrefetch, stoppingToken);
                }
                await WaitAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Log.DispatchFailed(logger, e.GetBaseException().Message);
                await Task.Delay(Poll, stoppingToken);
            }
        }
    }

    private async Task DispatchAsync(JobQueue queue, int bound, CancellationToken cancellationToken)
    {
        int room = bound - _open.Count(queue);
        if (room <= 0)
        {
            return;
        }
        IReadOnlyList<Guid> due = await _catalog.ClaimDueAsync(queue, room, options.Lease, cancellationToken);
        if (due.Count == 0)
        {
            return;
        }
        foreach (Guid id in due)
        {
            _open.Add(id, queue);
        }
        try
        {
            ISendEndpoint endpoint = await bus.GetSendEndpoint(IngestionRole.Address(queue));
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(SendLimit);
            // Not brought to the broker's disk: what is lost there is found in the rows again.
            await Task.WhenAll(due.Select(id => endpoint.Send(new JobDispatched(id, queue), send => send.Durable = false, limit.Token)));
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            foreach (Guid id in due)
            {
                _open.Remove(id);
            }
            await _catalog.ReleaseDispatchedAsync(cancellationToken);
            throw;
        }
    }

    /// <summary>Both reasons to look again wake it, so that a full bulk queue never delays a single document.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await await Task.WhenAny(_open.WaitForRoomAsync(either.Token), _catalog.WaitForDueAsync(Poll, either.Token));
        }
        finally
        {
            await either.CancelAsync();
        }
    }
}

/// <summary>What decides how much is dispatched: rows that are due, jobs that are out, and how far the index is behind.</summary>
internal sealed record Dispatching(Catalog Catalog, OpenDispatches Open, EmbeddedIndex Index);
