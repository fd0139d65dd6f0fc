using System.Text.Json;

namespace Retrieval.Storage;

/// <summary>A filter that was read and found right. It answers for one document; <see cref="FieldColumns"/> answers for many at once.</summary>
internal abstract record FilterPlan
{
    /// <summary>Whether a document passes.</summary>
    /// <param name="metadata">An object; undefined when the document has none.</param>
    /// <param name="id">The document's id; null inside of it.</param>
    public abstract bool Holds(JsonElement metadata, string? id);

    /// <summary>A document's metadata as an element.</summary>
    public static JsonElement Element(string? json) => json is null ? default : JsonElement.Parse(json);
}

/// <summary>Everything, or nothing.</summary>
internal sealed record Always(bool Value) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id) => Value;
}

/// <summary>At least so many of the parts: all for "must", one for "should".</summary>
internal sealed record AtLeast(int Count, IReadOnlyList<FilterPlan> Parts) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        int held = 0;
        for (int i = 0; i < Parts.Count && held < Count && held + Parts.Count - i >= Count; i++)
        {
            held += Parts[i].Holds(metadata, id) ? 1 : 0;
        }
        return held >= Count;
    }
}

/// <summary>The opposite.</summary>
internal sealed record Not(FilterPlan Part) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id) => !Part.Holds(metadata, id);
}

/// <summary>A value of a field, or an element of it, passes.</summary>
internal sealed record FieldTest(FieldPath Path, ValueTest Test) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        List<JsonElement> values = [];
        Path.Collect(metadata, values);
        return values.Any(v => v.ValueKind == JsonValueKind.Array ? v.EnumerateArray().Any(e => Test.Holds(FieldValue.Of(e))) : Test.Holds(FieldValue.Of(v)));
    }
}

/// <summary>The number of values is between bounds.</summary>
internal sealed record CountTest(FieldPath Path, long Least, long Most) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        List<JsonElement> values = [];
        Path.Collect(metadata, values);
        return values.Count == 0 ? Fits(0) : values.Any(v => Fits(Count(v)));
    }

    /// <summary>Length of a list, 0 for null, 1 for anything else.</summary>
    public static long Count(JsonElement value) => value.ValueKind switch { JsonValueKind.Array => value.GetArrayLength(), JsonValueKind.Null => 0, _ => 1 };

    /// <summary>Whether a number is between the bounds.</summary>
    public bool Fits(long count) => count >= Least && count <= Most;
}

/// <summary>Missing, null or an empty list.</summary>
internal sealed record EmptyTest(FieldPath Path) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        List<JsonElement> values = [];
        Path.Collect(metadata, values);
        return values.All(v => CountTest.Count(v) == 0);
    }
}

/// <summary>There, and null.</summary>
internal sealed record NullTest(FieldPath Path) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        List<JsonElement> values = [];
        Path.Collect(metadata, values);
        return values.Any(v => v.ValueKind == JsonValueKind.Null);
    }
}

/// <summary>A document with one of these ids; inside of a document nothing has an id.</summary>
internal sealed record IdTest(IReadOnlySet<string> Ids) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id) => id is not null && Ids.Contains(id);
}

/// <summary>An object in a list passes by itself.</summary>
internal sealed record NestedTest(FieldPath Elements, FilterPlan Part) : FilterPlan
{
    /// <inheritdoc/>
    public override bool Holds(JsonElement metadata, string? id)
    {
        List<JsonElement> values = [];
        Elements.Collect(metadata, values);
        return values.Any(v => v.ValueKind == JsonValueKind.Object && Part.Holds(v, null));
    }
}
