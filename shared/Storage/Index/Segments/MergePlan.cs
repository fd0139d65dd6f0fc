namespace Retrieval.Storage;

/// <summary>Which parts become one next. Sizes double from file to file, so a row is written again a logarithmic number of times.</summary>
internal static class MergePlan
{
    /// <summary>The parts to merge, as (first, count); null when there is nothing to do.</summary>
    /// <param name="slices">All parts but the one that grows.</param>
    public static (int First, int Count)? Next(IReadOnlyList<PartSlice> slices)
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
            if (slices[i].Part is SegmentPart { IsDamaged: true } || Size(slices[i]) < slices[i].Rows / 2)
            {
                return (i, 1);
            }
        }
        return null;
    }

    private static long Size(PartSlice slice) => slice.Live.Count() + slice.Part.Removed.Count;
}
