using Retrieval.Vectors;

namespace Retrieval.Storage;

/// <summary>
/// The index of one collection as its writers see it: a follower appends changes, maintenance puts sealed parts in the place of others. Each publishes a new snapshot;
/// bitmaps are copied before they change, so an old snapshot stays true.
/// </summary>
internal sealed class CollectionIndex
{
    private readonly Lock _lock = new();
    private readonly int _dimensions, _sealRows;
    private MemoryPart _newest;
    private IndexSnapshot _snapshot;

    /// <summary>Begins with what segments hold, oldest first; what later ones replaced or removed is dead in earlier ones.</summary>
    public CollectionIndex(int dimensions, int sealRows, IReadOnlyList<IndexPart> sealedParts)
    {
        (_dimensions, _sealRows) = (dimensions, sealRows);
        long seq = sealedParts.Count == 0 ? 0 : sealedParts[^1].ToSeq;
        List<PartSlice> slices = [];
        foreach (IndexPart part in sealedParts)
        {
            Burial burial = new(slices);
            for (int i = 0; i < part.Documents; i++)
            {
                burial.Bury(part.Document(i).Key);
            }
            foreach ((long key, _) in part.Removed)
            {
                burial.Bury(key);
            }
            slices = [.. burial.Slices, new PartSlice(part, part.Rows, part.Documents, new RowBitmap(part.Rows).Invert())];
        }
        _newest = new MemoryPart(dimensions, seq);
        _snapshot = new IndexSnapshot(seq, dimensions, [.. slices, Slice(_newest, new RowBitmap(0))]);
    }

    /// <summary>What can be searched now.</summary>
    public IndexSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>Applies changes in order. True when memory has filled, so that there is something to seal.</summary>
    public bool Apply(IReadOnlyList<DocumentChange> changes)
    {
        lock (_lock)
        {
            Burial burial = new(_snapshot.Slices, changes.Sum(c => c.Chunks.Count));
            foreach (DocumentChange change in changes)
            {
                burial.Bury(change.Document);
                int first = _newest.Rows;
                _newest.Append(change);
                burial.Add(first, _newest.Rows - first);
            }
            List<PartSlice> slices = [.. burial.Slices.SkipLast(1), Slice(_newest, burial.Slices[^1].Live)];
            bool full = _newest.Rows >= _sealRows || _newest.Removed.Count >= _sealRows;
            if (full)
            {
                _newest = new MemoryPart(_dimensions, _newest.ToSeq);
                slices.Add(Slice(_newest, new RowBitmap(0)));
            }
            Volatile.Write(ref _snapshot, _snapshot with { Seq = changes[^1].Seq, Slices = slices });
            return full;
        }
    }

    /// <summary>Puts a part in the place of others that it was made of. What died in them meanwhile is dead in it too.</summary>
    /// <param name="old">Neighbours, in order.</param>
    /// <param name="merged">Made of what lived in them.</param>
    public void Replace(IReadOnlyList<IndexPart> old, IndexPart merged)
    {
        lock (_lock)
        {
            List<PartSlice> slices = [.. _snapshot.Slices];
            int at = slices.FindIndex(s => s.Part == old[0]);
            List<PartSlice> sources = slices.GetRange(at, old.Count);
            RowBitmap live = new(merged.Rows);
            for (int i = 0; i < merged.Documents; i++)
            {
                DocumentRows document = merged.Document(i);
                // The newest source that has the document decides: in older ones it is dead anyway.
                if (sources.Exists(s => s.Part.Find(document.Key) is >= 0 and int found && s.Part.Document(found) is var source && source.Seq == document.Seq && s.IsLive(source)))
                {
                    live.SetRange(document.FirstRow, document.Rows);
                }
            }
            slices.RemoveRange(at, old.Count);
            slices.Insert(at, new PartSlice(merged, merged.Rows, merged.Documents, live));
            Volatile.Write(ref _snapshot, _snapshot with { Slices = slices });
        }
    }

    private static PartSlice Slice(MemoryPart part, RowBitmap live) => new(part, part.Rows, part.Documents, live);

    /// <summary>Marks rows dead in copies of the bitmaps, each copied once.</summary>
    private sealed class Burial(IReadOnlyList<PartSlice> slices, int room = 0)
    {
        private readonly RowBitmap?[] _copies = Copies(slices, room);

        /// <summary>The slices with what was buried.</summary>
        public List<PartSlice> Slices => [.. slices.Select((s, i) => _copies[i] is { } copy ? s with { Live = copy } : s)];

        public void Bury(long key)
        {
            for (int i = 0; i < slices.Count; i++)
            {
                if (slices[i].Part.Find(key) is >= 0 and int at && slices[i].Part.Document(at) is var document && (_copies[i] ?? slices[i].Live)[document.FirstRow])
                {
                    (_copies[i] ??= slices[i].Live.Copy()).SetRange(document.FirstRow, document.Rows, false);
                }
            }
        }

        public void Add(int first, int rows) => (rows > 0 ? _copies[^1] : null)?.SetRange(first, rows);

        private static RowBitmap?[] Copies(IReadOnlyList<PartSlice> slices, int room)
        {
            RowBitmap?[] copies = new RowBitmap?[slices.Count];
            if (room > 0)
            {
                copies[^1] = slices[^1].Live.Grown(slices[^1].Rows + room);
            }
            return copies;
        }
    }
}
