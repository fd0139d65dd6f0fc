using Retrieval.Vectors.Graph;

namespace Retrieval.Storage;

/// <summary>What goes into a segment: the documents that live in parts that follow each other, in the order of their rows, and the removals that older parts still need.</summary>
internal sealed class SegmentContent
{
    private SegmentContent(IReadOnlyList<PartSlice> sources, IReadOnlyList<(IndexPart Part, int Index)> documents, IReadOnlyList<(long Key, long Seq)> removed)
    {
        (Documents, Removed) = (documents, removed);
        (Dimensions, FromSeq, ToSeq) = (sources[0].Part.Dimensions, sources[0].Part.FromSeq, sources[^1].Part.ToSeq);
        Rows = documents.Sum(d => d.Part.Document(d.Index).Rows);
    }

    /// <summary>Numbers a row.</summary>
    public int Dimensions { get; }

    /// <summary>Rows of all documents.</summary>
    public int Rows { get; }

    /// <summary>Changes behind this one.</summary>
    public long FromSeq { get; }

    /// <summary>Last change.</summary>
    public long ToSeq { get; }

    /// <summary>Where each document is.</summary>
    public IReadOnlyList<(IndexPart Part, int Index)> Documents { get; }

    /// <summary>Documents that were removed, by key.</summary>
    public IReadOnlyList<(long Key, long Seq)> Removed { get; }

    /// <summary>Vectors by the row that they will have.</summary>
    public RowReader Reader()
    {
        IndexPart[] parts = new IndexPart[Rows];
        int[] at = new int[Rows];
        int row = 0;
        foreach ((IndexPart part, int index) in Documents)
        {
            DocumentRows document = part.Document(index);
            for (int i = 0; i < document.Rows; i++, row++)
            {
                (parts[row], at[row]) = (part, document.FirstRow + i);
            }
        }
        return wanted => parts[wanted].Vectors(at[wanted])[..Dimensions];
    }

    /// <summary>Gathers.</summary>
    /// <param name="sources">Neighbours, oldest first.</param>
    /// <param name="isOldest">Nothing is behind them: what was removed is forgotten.</param>
    public static SegmentContent Of(IReadOnlyList<PartSlice> sources, bool isOldest)
    {
        List<(IndexPart, int)> documents = [];
        foreach (PartSlice slice in sources)
        {
            for (int i = 0; i < slice.Documents; i++)
            {
                if (slice.IsLive(slice.Part.Document(i)))
                {
                    documents.Add((slice.Part, i));
                }
            }
        }
        // A document that died here was replaced or removed by a later change, which is kept where it is, or is read again: only removals need a mark.
        HashSet<long> kept = [.. documents.Select(d => d.Item1.Document(d.Item2).Key)];
        IEnumerable<(long Key, long Seq)> removed = isOldest ? [] : sources.SelectMany(s => s.Part.Removed).Where(r => !kept.Contains(r.Key)).GroupBy(r => r.Key, (key, all) => (key, all.Max(r => r.Seq)));
        return new SegmentContent(sources, documents, [.. removed.OrderBy(r => r.Key)]);
    }
}
