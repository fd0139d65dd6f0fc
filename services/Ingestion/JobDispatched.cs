using System.Collections.Concurrent;
using Retrieval.Contracts;

namespace Retrieval.Ingestion;

/// <summary>The only message: a job is due. What is to be done stands in the catalog's row.</summary>
public sealed record JobDispatched(Guid Job, JobQueue Queue);

/// <summary>Jobs on the bus or in work, by queue: the bound of what is dispatched at once.</summary>
internal sealed class OpenDispatches : IDisposable
{
    private readonly ConcurrentDictionary<Guid, JobQueue> _open = new();
    private readonly SemaphoreSlim _room = new(0);

    public int Count(JobQueue queue) => _open.Count(o => o.Value == queue);

    public void Add(Guid job, JobQueue queue) => _open[job] = queue;

    public void Remove(Guid job)
    {
        if (_open.TryRemove(job, out _))
        {
            _room.Release();
        }
    }

    public void Dispose() => _room.Dispose();

    /// <summary>Returns when a job was finished, or after the time.</summary>
    public Task WaitForRoomAsync(TimeSpan atMost, CancellationToken cancellationToken) => _room.WaitAsync(atMost, cancellationToken);
}
