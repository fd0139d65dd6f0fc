using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>Keeps the lease of one attempt while it makes progress, so that a long document is not begun a second time beside it.</summary>
internal sealed class LeaseKeeper(Catalog catalog, Job job, TimeSpan lease, TimeProvider time)
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(5);

    // Well before the lease ends; and soon enough to notice a newer version.
    private readonly TimeSpan _every = lease / 4 < Often ? lease / 4 : Often;
    private long _extended = time.GetTimestamp();

    /// <summary>False when the work is for nothing: the job is finished, gone or with another worker, or a newer version was accepted.</summary>
    public async Task<bool> KeepAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_extended) < _every)
        {
            return true;
        }
        _extended = time.GetTimestamp();
        return await catalog.ExtendLeaseAsync(job, lease, cancellationToken);
    }
}
