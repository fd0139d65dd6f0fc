using System.Collections.Concurrent;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>
/// The vectors of every collection in memory, following the catalog's seq. It holds nothing that the rows don't hold: a start reads them,
/// then each change. Searches read a published snapshot and take no lock.
/// </summary>
public sealed class EmbeddedIndex(Catalog catalog, TimeProvider time) : IAsyncDisposable
{
    private const int DocumentsAtOnce = 1000;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, (CollectionRows Rows, RowsSnapshot Snapshot)> _collections = new();
    private readonly CancellationTokenSource _stop = new();
    private long _newest;
    private TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _following = Task.CompletedTask;

    /// <summary>Loads everything, then follows until disposed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        _following = FollowAsync(_stop.Token);
    }

    /// <summary>The best chunks by inner product with the query, among those whose document passes the filter.</summary>
    /// <param name="collection">Where to search.</param>
    /// <param name="query">Numbers of the collection's dimensions.</param>
    /// <param name="top">At most this many.</param>
    /// <param name="filter">Pushed into the scan: it never leaves the answer short.</param>
    public IReadOnlyList<(long Row, float Score)> Search(CollectionRow collection, ReadOnlySpan<float> query, int top, Filter? filter)
    {
        if (query.Length != collection.Dimensions)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The query has {query.Length} dimensions.", "vector", $"{query.Length}", $"{collection.Dimensions}");
        }
        return Snapshot(collection).Search(query, top, FilterReader.Read(filter));
    }

    /// <summary>The same filter for another channel, by chunk row; null when everything passes.</summary>
    public Func<long, bool>? Allowed(CollectionRow collection, Filter? filter)
    {
        if (FilterReader.Read(filter) is not { } plan)
        {
            return null;
        }
        RowsSnapshot snapshot = Snapshot(collection);
        Vectors.RowBitmap allowed = snapshot.Allowed(plan);
        return row => snapshot.Find(row) is >= 0 and int at && allowed[at];
    }

    /// <summary>Returns when a change is in the index, or its collection is gone.</summary>
    public async Task WaitForSeqAsync(long collection, long seq, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task applied = Volatile.Read(ref _applied).Task;
            long newest = Interlocked.Read(ref _newest); // before the look: what is that old and not there, was removed
            if (_collections.TryGetValue(collection, out var entry) ? entry.Snapshot.Seq >= seq : collection <= newest)
            {
                return;
            }
            await applied.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends following.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private RowsSnapshot Snapshot(CollectionRow collection) => _collections.TryGetValue(collection.Id, out var entry) ? entry.Snapshot : CollectionRows.Empty(collection.Dimensions);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await catalog.Changed.ReadAsync(cancellationToken).ConfigureAwait(false);
            while (!await TryCatchUpAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.Delay(Retry, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>False when it did not work, most likely because the catalog does not answer, which it says itself to everyone who asks. Following never ends by itself.</summary>
    private async Task<bool> TryCatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return false;
        }
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CollectionRow> followed = await catalog.FollowedAsync(cancellationToken).ConfigureAwait(false);
        foreach (CollectionRow row in followed)
        {
            await CatchUpAsync(row, cancellationToken).ConfigureAwait(false);
        }
        HashSet<long> known = [.. followed.Select(f => f.Id)];
        foreach (long gone in _collections.Keys.Where(id => !known.Contains(id)))
        {
            _collections.TryRemove(gone, out _);
        }
        Interlocked.Exchange(ref _newest, Math.Max(_newest, followed.Select(f => f.Id).DefaultIfEmpty().Max()));
        Interlocked.Exchange(ref _applied, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task CatchUpAsync(CollectionRow row, CancellationToken cancellationToken)
    {
        if (!_collections.TryGetValue(row.Id, out var entry))
        {
            entry = _collections[row.Id] = (new CollectionRows(row.Dimensions), CollectionRows.Empty(row.Dimensions));
        }
        while (entry.Snapshot.Seq < row.Seq)
        {
            IReadOnlyList<DocumentChange> changes = await catalog.ReadChangesAsync(row.Id, entry.Snapshot.Seq, DocumentsAtOnce, cancellationToken).ConfigureAwait(false);
            if (changes.Count == 0)
            {
                return; // deleted meanwhile
            }
            entry = _collections[row.Id] = (entry.Rows, entry.Rows.Apply(changes));
        }
    }
}
