using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>
/// The vectors of every collection, following the catalog's seq. It holds nothing that the rows don't hold: a start maps the segment files, reads the rows behind them, then each change.
/// What is in memory is sealed and files are merged in the background. Searches read a published snapshot and take no lock.
/// </summary>
public sealed class EmbeddedIndex : IAsyncDisposable
{
    private const int DocumentsAtOnce = 1000, MostWaiting = 16;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1), SealRetry = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<long, CollectionStore> _collections = new();
    private readonly Channel<bool> _full = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Catalog _catalog;
    private readonly IndexOptions _options;
    private readonly SegmentTools _tools;
    private readonly ICodecTrainer _trainer;
    private readonly TimeProvider _time;
    private long _newest;
    private bool _diskTakes = true;
    private TaskCompletionSource _applied = Signal(), _maintained = Signal();
    private Task _following = Task.CompletedTask, _maintaining = Task.CompletedTask;

    /// <summary>An index that follows a catalog, with its files beside it.</summary>
    public EmbeddedIndex(Catalog catalog, IndexOptions options, ICodecTrainer trainer, ILogger<EmbeddedIndex> logger, TimeProvider time)
    {
        (_catalog, _options, _trainer, _time) = (catalog, options, trainer, time);
        _tools = new SegmentTools(SegmentTools.CreateFile, new RowSource(catalog.ReadVectors, logger), logger);
    }

    private SearchEffort Effort(CollectionRow collection) => new(_options.Oversampling, _options.Breadth, collection.Index == IndexKind.Exact);

    private string Folder => Path.Combine(_catalog.Folder, "index");

    /// <summary>Loads everything, then follows until disposed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _maintaining = MaintainAsync(_stop.Token);
        await CatchUpAsync(cancellationToken).ConfigureAwait(false);
        _full.Writer.TryWrite(true); // files that wait to be merged, folders of collections that are gone
        _following = FollowAsync(_stop.Token);
    }

    /// <summary>The best chunks by inner product with the query, among those whose document passes the filter.</summary>
    /// <param name="collection">Where to search.</param>
    /// <param name="query">Numbers of the collection's dimensions.</param>
    /// <param name="top">At most this many.</param>
    /// <param name="filter">Pushed into the scan: it never leaves the answer short.</param>
    /// <param name="cancellationToken">Ends the scan on every core.</param>
    public IReadOnlyList<(long Row, float Score)> Search(CollectionRow collection, float[] query, int top, Filter? filter, CancellationToken cancellationToken)
    {
        Require(collection, query);
        return Snapshot(collection)?.Search(query, top, FilterReader.Read(filter), Effort(collection), cancellationToken) ?? [];
    }

    /// <summary>The same for several queries over one snapshot, in their order: each gets what it would get alone, bit for bit, and vectors and codes are read once for all.</summary>
    public IReadOnlyList<IReadOnlyList<(long Row, float Score)>> Search(CollectionRow collection, IReadOnlyList<float[]> queries, int top, Filter? filter, CancellationToken cancellationToken)
    {
        foreach (float[] query in queries)
        {
            Require(collection, query);
        }
        return queries.Count == 0 ? [] : Snapshot(collection)?.Search([.. queries.Select(q => (ReadOnlyMemory<float>)q)], top, FilterReader.Read(filter), Effort(collection), cancellationToken) ?? [.. queries.Select(_ => (IReadOnlyList<(long, float)>)[])];
    }

    /// <summary>Vectors of at most so many chunks, spread evenly over all of them, row after row; a seed gives the same ones while nothing changes.</summary>
    public float[] Sample(CollectionRow collection, int most, int seed) => Snapshot(collection)?.Sample(most, seed) ?? [];

    /// <summary>Rows of chunks, spread in the same way.</summary>
    public IReadOnlyList<long> SampleRows(CollectionRow collection, int most, int seed) => Snapshot(collection)?.SampleRows(most, seed) ?? [];

    /// <summary>How far a collection's codec has come; null before its first change is in.</summary>
    public IndexInfo? Describe(CollectionRow collection) => _collections.TryGetValue(collection.Id, out CollectionStore? store) && store.Index.Snapshot.Seq > 0 ? store.Describe() : null;

    /// <summary>The same filter for another channel, by chunk row; null when everything passes.</summary>
    public Func<long, bool>? Allowed(CollectionRow collection, Filter? filter) =>
        FilterReader.Read(filter) is { } plan ? Snapshot(collection)?.Among(plan) ?? (_ => false) : null;

    /// <summary>Returns when a change is in the index, or its collection is gone.</summary>
    public async Task WaitForSeqAsync(long collection, long seq, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task applied = Volatile.Read(ref _applied).Task;
            long newest = Interlocked.Read(ref _newest); // before the look: what is that old and not there, was removed
            if (_collections.TryGetValue(collection, out CollectionStore? store) ? store.Index.Snapshot.Seq >= seq : collection <= newest)
            {
                return;
            }
            await applied.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Up to which change of a collection marks of removed documents are no longer needed here: what files hold where there are files, since a start goes on behind them, else what was applied.
    /// 0 before the first change.
    /// </summary>
    public long FollowedSeq(long collection) => !_collections.TryGetValue(collection, out CollectionStore? store) ? 0
        : store.Index.Snapshot.Slices.Select(s => s.Part).OfType<SegmentPart>().Select(p => p.ToSeq).DefaultIfEmpty(store.Index.Snapshot.Seq).Max();

    /// <summary>Changes of all collections that were written and are not in the index yet.</summary>
    public async Task<long> LagAsync(CancellationToken cancellationToken) => (await _catalog.FollowedAsync(cancellationToken).ConfigureAwait(false))
        .Sum(row => Math.Max(0, row.Seq - (_collections.TryGetValue(row.Id, out CollectionStore? store) ? store.Index.Snapshot.Seq : 0)));

    /// <summary>Ends following and maintenance.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _maintaining.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>Returns when everything that has to be sealed or merged is.</summary>
    internal async Task WaitForMaintenanceAsync(CancellationToken cancellationToken)
    {
        Task done = Volatile.Read(ref _maintained).Task;
        _full.Writer.TryWrite(true);
        await done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What can be searched of a collection; null before its first change is in.</summary>
    internal IndexSnapshot? Snapshot(CollectionRow collection) => _collections.TryGetValue(collection.Id, out CollectionStore? store) ? store.Index.Snapshot : null;

    private static void Require(CollectionRow collection, float[] query)
    {
        if (query.Length != collection.Dimensions)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"The query has {query.Length} dimensions.", "vector", $"{query.Length}", $"{collection.Dimensions}");
        }
        if (query.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is >= 0 and int at)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Dimension {at} of the query is {query[at]}.", "vector", $"{query[at]}", "finite numbers");
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _catalog.Changed.ReadAsync(cancellationToken).ConfigureAwait(false);
            while (!await TryCatchUpAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.Delay(Retry, _time, cancellationToken).ConfigureAwait(false);
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
        IReadOnlyList<CollectionRow> followed = await _catalog.FollowedAsync(cancellationToken).ConfigureAwait(false);
        foreach (CollectionRow row in followed)
        {
            await CatchUpAsync(row, cancellationToken).ConfigureAwait(false);
        }
        HashSet<long> known = [.. followed.Select(f => f.Id)];
        foreach (long gone in _collections.Keys.Where(id => !known.Contains(id)))
        {
            _collections.TryRemove(gone, out _);
            _full.Writer.TryWrite(true); // maintenance removes its files, when it is not at work on them
        }
        Interlocked.Exchange(ref _newest, Math.Max(_newest, followed.Select(f => f.Id).DefaultIfEmpty().Max()));
        Interlocked.Exchange(ref _applied, Signal()).SetResult();
    }

    private async Task CatchUpAsync(CollectionRow row, CancellationToken cancellationToken)
    {
        CollectionStore store = _collections.TryGetValue(row.Id, out CollectionStore? known) ? known
            : _collections[row.Id] = CollectionStore.Open(row, Path.Combine(Folder, row.Id.ToString(CultureInfo.InvariantCulture)), _options, _tools);
        if (store.Want(row.Codec, row.Index))
        {
            _full.Writer.TryWrite(true);
        }
        while (store.Index.Snapshot.Seq < row.Seq)
        {
            IReadOnlyList<DocumentChange> changes = await _catalog.ReadChangesAsync(row.Id, store.Index.Snapshot.Seq, DocumentsAtOnce, cancellationToken).ConfigureAwait(false);
            if (changes.Count == 0)
            {
                return; // deleted meanwhile
            }
            if (store.Index.Apply(changes))
            {
                _full.Writer.TryWrite(true);
                // Changes are not read faster than they are sealed, or memory would hold them all; but a full disk stops nobody.
                while (store.Waiting >= MostWaiting && Volatile.Read(ref _diskTakes))
                {
                    await WaitForMaintenanceAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task MaintainAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _full.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            TaskCompletionSource maintained = Interlocked.Exchange(ref _maintained, Signal());
            bool all = true;
            foreach (CollectionStore store in _collections.Values)
            {
                await store.TrainAsync(_trainer, cancellationToken).ConfigureAwait(false);
                all &= store.Maintain(SealRetry.TotalSeconds, cancellationToken);
            }
            Volatile.Write(ref _diskTakes, all);
            RemoveFoldersOfNobody();
            maintained.SetResult();
            if (!all)
            {
                await Task.Delay(SealRetry, _time, cancellationToken).ConfigureAwait(false);
                _full.Writer.TryWrite(true);
            }
        }
    }

    private static void DeleteFolder(string folder)
    {
        try
        {
            Directory.Delete(folder, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A system that does not remove files which are still mapped: the next start does.
        }
    }

    /// <summary>Files of collections that are gone.</summary>
    private void RemoveFoldersOfNobody()
    {
        foreach (string folder in Directory.Exists(Folder) ? Directory.GetDirectories(Folder) : [])
        {
            if (long.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out long id) && !_collections.ContainsKey(id) && id <= Interlocked.Read(ref _newest))
            {
                DeleteFolder(folder);
            }
        }
    }
}
