using Microsoft.Extensions.Logging;
using Retrieval.Contracts;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Lists;

namespace Retrieval.Storage;

/// <summary>One collection of the index with its files.</summary>
internal sealed class CollectionStore
{
    // Enough for the codebooks that there are; more would take longer and hardly be better.
    private const int MostSampled = 65_536, Seed = 20_240_607;

    private readonly CollectionRow _collection;
    private readonly SegmentFolder _files;
    private readonly string _folder;
    private readonly IndexOptions _options;
    private readonly ILogger _logger;
    private SegmentCodec? _codec;
    private string? _wanted, _refused, _problem;
    private int _kind;
    private GraphSeed? _seed;

    private CollectionStore(CollectionRow collection, string folder, IndexOptions options, SegmentTools tools)
    {
        (_collection, _folder, _options, _logger, _wanted, _kind) = (collection, folder, options, tools.Logger, collection.Codec, (int)collection.Index);
        _files = new SegmentFolder(folder, collection, tools);
        IReadOnlyList<SegmentPart> parts = _files.Open();
        Index = new CollectionIndex(collection.Dimensions, options.SealRows, parts);
        _codec = parts.Select(p => p.Codec).LastOrDefault(c => c is not null);
    }

    /// <summary>Rows and snapshots.</summary>
    public CollectionIndex Index { get; }

    /// <summary>How vectors are coded in new files.</summary>
    public SegmentCodec? Codec => _codec;

    /// <summary>Maps what was sealed.</summary>
    public static CollectionStore Open(CollectionRow collection, string folder, IndexOptions options, SegmentTools tools) => new(collection, folder, options, tools);

    /// <summary>Parts that wait to be sealed.</summary>
    public int Waiting => Index.Snapshot.Slices.SkipLast(1).Count(s => s.Part is MemoryPart);

    /// <summary>Which codec and which kind of index are wanted from now on. True when that is another one.</summary>
    public bool Want(string? codec, IndexKind kind)
    {
        bool other = (Interlocked.Exchange(ref _wanted, codec) != codec) | (Interlocked.Exchange(ref _kind, (int)kind) != (int)kind);
        _problem = other ? null : _problem;
        return other;
    }

    /// <summary>How far the codec that is wanted has come.</summary>
    public IndexInfo Describe()
    {
        string? wanted = Volatile.Read(ref _wanted), problem = Volatile.Read(ref _problem);
        IReadOnlyList<PartSlice> slices = Index.Snapshot.Slices;
        long files = Count(slices, p => p is SegmentPart), coded = Count(slices, p => p is SegmentPart s && s.Codec?.Wanted == wanted), live = Index.Snapshot.Live;
        CodecStage stage = problem is not null ? CodecStage.Refused : wanted is not null && live < _options.CodecRows ? CodecStage.Waiting
            : wanted != _codec?.Wanted ? CodecStage.Training : coded < files ? CodecStage.Coding : CodecStage.Ready;
        string? reason = stage == CodecStage.Waiting ? $"A codec is used from {_options.CodecRows} chunks on (Storage:Index:CodecRows); there are {live}." : problem;
        return new IndexInfo { Codec = wanted, Stage = stage, Sealed = files, Coded = coded, InMemory = live - files, Reason = reason };
    }

    /// <summary>Trains the codec that is wanted, once there are vectors enough. A training that fails leaves the codec that there is.</summary>
    public async Task TrainAsync(ICodecTrainer trainer, CancellationToken cancellationToken)
    {
        string? wanted = Volatile.Read(ref _wanted);
        IndexSnapshot snapshot = Index.Snapshot;
        if (wanted == _codec?.Wanted || (wanted is not null && wanted == _refused) || (wanted is not null && snapshot.Live < _options.CodecRows))
        {
            return;
        }
        if (wanted is null)
        {
            _codec = null;
            return;
        }
        try
        {
            byte[] trained = await trainer.TrainAsync(wanted, snapshot.Sample(MostSampled, Seed), _collection.Dimensions, Seed, cancellationToken).ConfigureAwait(false);
            (_codec, _problem) = (new SegmentCodec(wanted, Vectors.Codecs.Codec.Read(trained)), null);
        }
        catch (Exception e) when (e is RetrievalException or CodecFormatException or ArgumentException)
        {
            _problem = e.Message;
            Log.TrainingFailed(_logger, wanted, _collection.Name, e.Message);
        }
    }

    /// <summary>Seals or merges what is due, one step after another. False when the disk did not take it: then everything stays as it was.</summary>
    public bool Maintain(double retrySeconds, CancellationToken cancellationToken)
    {
        try
        {
            MergePlan plan = new(_codec, (IndexKind)Volatile.Read(ref _kind), _options);
            while (plan.Next([.. Index.Snapshot.Slices.SkipLast(1)]) is { } step)
            {
                cancellationToken.ThrowIfCancellationRequested();
                PartSlice[] sources = [.. Index.Snapshot.Slices.Skip(step.First).Take(step.Count)];
                if (step.Append != Structure.None)
                {
                    Index.Replace([sources[0].Part], Append((SegmentPart)sources[0].Part, step.Append, cancellationToken));
                }
                else
                {
                    Merge(plan, sources, step.First == 0, cancellationToken);
                }
            }
            return true;
        }
        catch (ArgumentException e) when (_codec is { } codec)
        {
            // Vectors that this codec does not take, such as those without unit length: they are kept as they are, or nothing could be written.
            Log.CodecRefused(_logger, codec.Wanted, _collection.Name, e.Message);
            (_codec, _refused, _problem) = (null, codec.Wanted, e.Message);
            return Maintain(retrySeconds, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SealFailed(_logger, _collection.Name, _folder, e.Message, retrySeconds);
            return false;
        }
    }

    private static long Count(IReadOnlyList<PartSlice> slices, Func<IndexPart, bool> which) => slices.Where(s => which(s.Part)).Sum(s => (long)s.Live.Count());

    private void Merge(MergePlan plan, PartSlice[] sources, bool isOldest, CancellationToken cancellationToken)
    {
        SegmentContent content = SegmentContent.Of(sources, isOldest);
        SegmentPart merged = _files.Write(content, plan.Codec, cancellationToken);
        _seed = plan.Wanted(merged.Rows) == Structure.Graph ? GraphSeed.Of(sources[0], merged) : null;
        // What is in memory is sealed without a graph, which takes long, and gets one when nothing waits; a file that is written again keeps being searched until it has one.
        if (plan.Wanted(merged.Rows) is not Structure.None and var wanted && !sources.Any(s => s.Part is MemoryPart))
        {
            merged = Append(merged, wanted, cancellationToken);
        }
        Index.Replace([.. sources.Select(s => s.Part)], merged);
        foreach (SegmentPart old in sources.Select(s => s.Part).OfType<SegmentPart>())
        {
            SegmentFolder.Retire(old);
        }
        Log.Sealed(_logger, _collection.Name, sources.Length, merged.Path, merged.Rows);
    }

    private SegmentPart Append(SegmentPart part, Structure wanted, CancellationToken cancellationToken)
    {
        RowReader rows = row => part.Vectors(row)[..part.Dimensions];
        IReadOnlyList<NewSection> sections = wanted == Structure.Lists ? SegmentAppender.Of(ListBuilder.Build(rows, part.Rows, part.Dimensions, new ListOptions(), cancellationToken), part)
            : SegmentAppender.Of(_seed is { } seed && seed.Merged == part ? GraphBuilder.Extend(seed.Graph(rows, cancellationToken), rows, part.Rows, null, cancellationToken)
                : GraphBuilder.Build(rows, part.Rows, new GraphOptions(), null, cancellationToken));
        SegmentPart whole = _files.Append(part, sections);
        _seed = null;
        Log.Appended(_logger, _collection.Name, whole.Path, whole.Rows, wanted);
        return whole;
    }

    /// <summary>A graph to begin with: that of the oldest of the merged parts, whose rows are the first of the new one. It is worth it when few of them have died.</summary>
    private sealed record GraphSeed(SegmentPart Merged, SegmentPart From, RowBitmap Kept)
    {
        private const double Worth = 0.8;

        public static GraphSeed? Of(PartSlice oldest, SegmentPart merged) =>
            oldest.Part is SegmentPart { Structure: Structure.Graph } from && oldest.Live.Count() >= Worth * from.Rows ? new GraphSeed(merged, from, oldest.Live) : null;

        public HnswGraph Graph(RowReader rows, CancellationToken cancellationToken) =>
            From.Graph is { } graph ? GraphBuilder.Keep(graph, Kept, rows, cancellationToken) : GraphBuilder.Build(rows, 0, new GraphOptions(), null, cancellationToken);
    }
}
