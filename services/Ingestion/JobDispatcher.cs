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
                await DispatchAsync(JobQueue.Interactive, 2 * options.InteractivePrefetch, stoppingToken);
                await DispatchAsync(JobQueue.Bulk, 2 * options.BulkPrefetch, stoppingToken);
                await WaitAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.DispatchFailed(logger, e);
                await Task.Delay(Poll, stoppingToken);
            }
        }
    }

    private async Task DispatchAsync(JobQueue queue, int bound, CancellationToken cancellationToken)
    {
        int room = bound - open.Count(queue);
        if (room <= 0)
        {
            return;
        }
        IReadOnlyList<Guid> due = await catalog.ClaimDueAsync(queue, room, options.Lease, cancellationToken);
        ISendEndpoint endpoint = await bus.GetSendEndpoint(IngestionRole.Address(queue));
        foreach (Guid id in due)
        {
            await SendAsync(endpoint, new JobDispatched(id, queue), cancellationToken);
        }
    }

    private async Task SendAsync(ISendEndpoint endpoint, JobDispatched message, CancellationToken cancellationToken)
    {
        open.Add(message.Job, message.Queue);
        try
        {
            await endpoint.Send(message, cancellationToken);
        }
        catch
        {
            open.Remove(message.Job); // it is due again when its lease is over
            throw;
        }
    }

    /// <summary>Both reasons to look again wake it, so that a full bulk queue never delays a single document.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await await Task.WhenAny(open.WaitForRoomAsync(either.Token), catalog.WaitForDueAsync(Poll, either.Token));
        }
        finally
        {
            await either.CancelAsync();
        }
    }
}
