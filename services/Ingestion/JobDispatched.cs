using System.Collections.Concurrent;
using System.Threading.Channels;
using Retrieval.Contracts;

namespace Retrieval.Ingestion;

/// <summary>The only message: a job is due. What is to be done stands in the catalog's row.</summary>
public sealed record JobDispatched(Guid Job, JobQueue Queue);

/// <summary>Jobs on the bus or in work, by queue: the bound of what is dispatched at once.</summary>
internal sealed class OpenDispatches
{
    private readonly ConcurrentDictionary<Guid, JobQueue> _open = new();
    // One signal, however many jobs were finished since the last look.
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public int Count(JobQueue queue) => _open.Count(o => o.Value == queue);

    public void Add(Guid job, JobQueue queue) => _open[job] = queue;

    public void Remove(Guid job)
    {
        if (_open.TryRemove(job, out _))
        {
            _room.Writer.TryWrite(true);
        }
    }

    /// <summary>Returns when a job was finished since the last time.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellationToken) => await _room.Reader.ReadAsync(cancellationToken);
}
