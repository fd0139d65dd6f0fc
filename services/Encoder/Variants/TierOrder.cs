using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>The order in which load goes through the tiers: from the default on, down the list, over those that were measured and keep all dimensions.</summary>
internal static class TierOrder
{
    /// <summary>Marks the tiers that load may choose.</summary>
    /// <param name="tiers">As they are listed.</param>
    /// <param name="first">Index of the default.</param>
    /// <param name="dimensions">Of the space.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="ModelFormatException">The default keeps a prefix alone, which no stored vector is comparable with; or an exit stands behind a shallower one: load would go up again.</exception>
    public static IReadOnlyList<OpenedTier> Marked(IReadOnlyList<OpenedTier> tiers, int first, int dimensions, string file)
    {
        if (tiers[first].Description.Dimensions != dimensions)
        {
            throw new ModelFormatException(file, $"has a default query variant '{tiers[first].Variant.Name}' of {tiers[first].Description.Dimensions} dimensions, which no stored vector of {dimensions} can be compared with. Name another with 'default', or put it first.");
        }
        OpenedTier[] marked = [.. tiers.Select((t, i) => t with { Description = t.Description with { IsByLoad = i >= first && t.Description.Dimensions == dimensions && (i == first || t.Variant.Measured is not null) } })];
        OpenedTier[] exits = [.. marked.Where(t => t.Description is { IsByLoad: true, Layer: not null } && t.Variant.Model is null)];
        return exits.Zip(exits.Skip(1)).FirstOrDefault(p => p.Second.Description.Layer > p.First.Description.Layer) is ({ } shallow, { } deep)
            ? throw new ModelFormatException(file, $"lists query variant '{deep.Variant.Name}', which leaves after layer {deep.Description.Layer}, behind '{shallow.Variant.Name}', which leaves after layer {shallow.Description.Layer}. Load goes down the list: put the deepest first.")
            : marked;
    }
}
