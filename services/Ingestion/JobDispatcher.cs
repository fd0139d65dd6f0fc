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
internal sealed class JobDispatcher(Catalog catalog, IBus bus, OpenDispatches open, IngestionOptions options, ILogger<JobDispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await catalog.ReleaseLeasesAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                bool full = !await DispatchAsync(JobQueue.Interactive, 2 * options.InteractivePrefetch, stoppingToken)
                    | !await DispatchAsync(JobQueue.Bulk, 2 * options.BulkPrefetch, stoppingToken);
                await (full ? open.WaitForRoomAsync(Poll, stoppingToken) : catalog.WaitForDueAsync(Poll, stoppingToken));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.DispatchFailed(logger, e);
                await Task.Delay(Poll, stoppingToken);
            }
        }
    }

    /// <summary>False when the queue's bound was reached.</summary>
    private async Task<bool> DispatchAsync(JobQueue queue, int bound, CancellationToken cancellationToken)
    {
        int room = bound - open.Count(queue);
        if (room <= 0)
        {
            return false;
        }
        IReadOnlyList<Guid> due = await catalog.ClaimDueAsync(queue, room, options.Lease, cancellationToken);
        ISendEndpoint endpoint = await bus.GetSendEndpoint(IngestionRole.Address(queue));
        foreach (Guid id in due)
        {
            open.Add(id, queue);
            await endpoint.Send(new JobDispatched(id, queue), cancellationToken);
        }
        return due.Count < room;
    }
}
