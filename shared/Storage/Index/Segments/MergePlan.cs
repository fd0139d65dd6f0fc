using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>Which parts become one next. Sizes double from file to file, so a row is written again a logarithmic number of times.</summary>
/// <param name="Codec">How vectors are to be coded; null: not at all.</param>
/// <param name="Options">From how many rows on.</param>
internal sealed record MergePlan(SegmentCodec? Codec, IndexOptions Options)
{
    /// <summary>The parts to merge, as (first, count); null when there is nothing to do.</summary>
    /// <param name="slices">All parts but the one that grows.</param>
    public (int First, int Count)? Next(IReadOnlyList<PartSlice> slices)
    {
        int first = slices.Index().FirstOrDefault(s => s.Item.Part is MemoryPart, (slices.Count, null!)).Index;
        if (first < slices.Count)
        {
            long size = slices.Skip(first).Sum(Size);
            for (; first > 0 && Size(slices[first - 1]) <= size; first--)
            {
                size += Size(slices[first - 1]);
            }
            return (first, slices.Count - first);
        }
        for (int i = 0; i < slices.Count; i++)
        {
            if (slices[i].Part is SegmentPart part && (part.IsDamaged || Size(slices[i]) < slices[i].Rows / 2 || IsOutdated(part)))
            {
                return (i, 1);
            }
        }
        return null;
    }

    /// <summary>Whether a file of so many rows gets a graph: a collection without a codec is searched exactly, whatever its size.</summary>
    public bool WithGraph(int rows) => Codec is not null && rows >= Options.GraphRows;

    /// <summary>Coded in another way than is wanted now, or without the graph that its size asks for.</summary>
    private bool IsOutdated(SegmentPart part) => part.Codec?.Wanted != Codec?.Wanted || (part.Graph is null && WithGraph(part.Rows));

    private static long Size(PartSlice slice) => slice.Live.Count() + slice.Part.Removed.Count;
}
