using System.Collections.Concurrent;
using System.Threading.Channels;
using Retrieval.Contracts;

namespace Retrieval.Ingestion;

/// <summary>The only message: a job is due. What is to be done stands in the catalog's row.</summary>
public sealed record JobDispatched(Guid Job, JobQueue Queue);

/// <summary>Jobs on the bus or in work, by queue: the bound of what is dispatched at once. One whose lease is over no longer counts, since its message may be lost.</summary>
internal sealed class OpenDispatches(IngestionOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, (JobQueue Queue, long Since)> _open = new();
    // One signal, however many jobs were finished since the last look.
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public int Count(JobQueue queue)
    {
        foreach ((Guid job, (_, long since)) in _open)
        {
            if (time.GetElapsedTime(since) > options.Lease)
            {
                Remove(job);
            }
        }
        return _open.Count(o => o.Value.Queue == queue);
    }

    public void Add(Guid job, JobQueue queue) => _open[job] = (queue, time.GetTimestamp());

    public void Remove(Guid job)
    {
        if (_open.TryRemove(job, out _))
        {
            _room.Writer.TryWrite(true);
        }
    }

    /// <summary>Whatever is on the bus is lost, or nobody knows.</summary>
    public void Clear()
    {
        _open.Clear();
        _room.Writer.TryWrite(true);
    }

    /// <summary>Returns when a job was finished since the last time.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellationToken) => await _room.Reader.ReadAsync(cancellationToken);
}
