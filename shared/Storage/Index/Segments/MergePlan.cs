using Retrieval.Contracts;
using Retrieval.Vectors.Graph;
using Retrieval.Vectors.Search;

namespace Retrieval.Storage;

/// <summary>What to do next.</summary>
/// <param name="First">First part.</param>
/// <param name="Count">Parts that become one; one: it is written again.</param>
/// <param name="Append">Not none: this is appended to the part as it is.</param>
internal readonly record struct MergeStep(int First, int Count, Structure Append);

/// <summary>Which parts become one next. Sizes double from file to file, so a row is written again a logarithmic number of times.</summary>
/// <param name="Codec">How vectors are to be coded; null: not at all.</param>
/// <param name="Kind">What the collection asks for.</param>
/// <param name="Options">From how many rows on.</param>
internal sealed record MergePlan(SegmentCodec? Codec, IndexKind Kind, IndexOptions Options)
{
    /// <summary>Null when there is nothing to do.</summary>
    /// <param name="slices">All parts but the one that grows.</param>
    public MergeStep? Next(IReadOnlyList<PartSlice> slices)
    {
        int first = slices.Index().FirstOrDefault(s => s.Item.Part is MemoryPart, (slices.Count, null!)).Index;
        if (first < slices.Count)
        {
            long size = slices.Skip(first).Sum(Size);
            for (; first > 0 && Size(slices[first - 1]) <= size; first--)
            {
                size += Size(slices[first - 1]);
            }
            return new MergeStep(first, slices.Count - first, Structure.None);
        }
        for (int i = 0; i < slices.Count; i++)
        {
            if (slices[i].Part is not SegmentPart part)
            {
                continue;
            }
            if (part.IsDamaged || Size(slices[i]) < slices[i].Rows / 2 || part.Codec?.Wanted != Codec?.Wanted)
            {
                return new MergeStep(i, 1, Structure.None);
            }
            if (Wanted(part.Rows) is not Structure.None and var wanted && part.Structure != wanted)
            {
                return new MergeStep(i, 1, part.IsFull ? Structure.None : wanted);
            }
        }
        return null;
    }

    /// <summary>
    /// What a file of so many rows has beside its codes; without a codec nothing, since then searches are exact whatever the size. Codes of half bytes are looked at so fast that a graph over them,
    /// which takes them one by one, does not pay (results.md of the benchmarks).
    /// </summary>
    public Structure Wanted(int rows)
    {
        bool halves = Codec is not null && PackedLayout.Of(Codec.Codec) is not null;
        Structure wanted = Codec is null ? Structure.None : Kind switch
        {
            IndexKind.Ivf when rows >= Options.CodecRows => Structure.Lists,
            IndexKind.Graph when rows >= Options.CodecRows => Structure.Graph,
            IndexKind.Auto when halves => rows >= Options.ListRows ? Structure.Lists : Structure.None,
            IndexKind.Auto => rows >= Options.GraphRows ? Structure.Graph : Structure.None,
            _ => Structure.None,
        };
        return wanted == Structure.Graph && rows > HnswGraph.MostRows ? Structure.Lists : wanted;
    }

    private static long Size(PartSlice slice) => slice.Live.Count() + slice.Part.Removed.Count;
}
