using Microsoft.Extensions.Logging;

namespace Retrieval.Storage;

/// <summary>One collection of the index with its files.</summary>
internal sealed class CollectionStore
{
    private readonly CollectionRow _collection;
    private readonly SegmentFolder _files;
    private readonly string _folder;
    private readonly ILogger _logger;

    private CollectionStore(CollectionRow collection, string folder, SegmentFolder files, CollectionIndex index, ILogger logger) =>
        (_collection, _folder, _files, Index, _logger) = (collection, folder, files, index, logger);

    /// <summary>Rows and snapshots.</summary>
    public CollectionIndex Index { get; }

    /// <summary>Maps what was sealed.</summary>
    public static CollectionStore Open(CollectionRow collection, string folder, int sealRows, SegmentTools tools)
    {
        SegmentFolder files = new(folder, collection, tools);
        return new CollectionStore(collection, folder, files, new CollectionIndex(collection.Dimensions, sealRows, files.Open()), tools.Logger);
    }

    /// <summary>Parts that wait to be sealed.</summary>
    public int Waiting => Index.Snapshot.Slices.SkipLast(1).Count(s => s.Part is MemoryPart);

    /// <summary>Seals or merges what is due, one step after another. False when the disk did not take it: then everything stays as it was.</summary>
    public bool Maintain(double retrySeconds, CancellationToken cancellationToken)
    {
        try
        {
            while (MergePlan.Next([.. Index.Snapshot.Slices.SkipLast(1)]) is { } run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Merge([.. Index.Snapshot.Slices.Skip(run.First).Take(run.Count)], run.First == 0, cancellationToken);
            }
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SealFailed(_logger, _collection.Name, _folder, e.Message, retrySeconds);
            return false;
        }
    }

    private void Merge(IReadOnlyList<PartSlice> sources, bool isOldest, CancellationToken cancellationToken)
    {
        SegmentPart merged = _files.Write(SegmentContent.Of(sources, isOldest), cancellationToken);
        Index.Replace([.. sources.Select(s => s.Part)], merged);
        foreach (SegmentPart old in sources.Select(s => s.Part).OfType<SegmentPart>())
        {
            SegmentFolder.Retire(old);
        }
        Log.Sealed(_logger, _collection.Name, sources.Count, merged.Path, merged.Rows);
    }
}
