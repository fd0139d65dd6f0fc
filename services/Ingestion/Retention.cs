using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>Removes what is only history: finished jobs, and marks of removed documents that the index has passed. Dead letters stay until somebody decides.</summary>
internal sealed class Retention(Catalog catalog, EmbeddedIndex index, IngestionOptions options, TimeProvider time, ILogger<Retention> logger) : BackgroundService
{
    // Few at once, since the writer does nothing else meanwhile.
    private const int AtOnce = 500;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    /// <summary>Removes everything that is old enough now; returns how much that was.</summary>
    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset before = time.GetUtcNow() - TimeSpan.FromHours(options.KeepJobsHours);
        int all = await RepeatAsync(() => catalog.RemoveFinishedJobsAsync(before, AtOnce, cancellationToken));
        foreach (CollectionRow collection in await catalog.ListRowsAsync(cancellationToken))
        {
            all += await RepeatAsync(() => catalog.RemoveMarksAsync(collection, index.FollowedSeq(collection.Id), before, AtOnce, cancellationToken));
        }
        return all;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, time, stoppingToken);
            try
            {
                if (await RemoveAsync(stoppingToken) is > 0 and int removed)
                {
                    Log.Removed(logger, removed, options.KeepJobsHours);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.RetentionFailed(logger, e.Message);
            }
        }
    }

    private static async Task<int> RepeatAsync(Func<Task<int>> remove)
    {
        int all = 0;
        for (int last = AtOnce; last == AtOnce; all += last)
        {
            last = await remove();
        }
        return all;
    }
}
