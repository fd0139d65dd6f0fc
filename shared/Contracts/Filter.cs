using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>
/// Qdrant's filter language over a document's metadata, word for word: every condition of <c>must</c> has to hold, none of <c>must_not</c>, at least one of <c>should</c>, and as many
/// of <c>min_should</c> as it says. A list that is empty or missing asks for nothing; a single condition may stand without a list. A missing field matches nothing and is no error.
/// </summary>
public sealed record Filter
{
    /// <summary>Conditions that all have to hold.</summary>
    [JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? Must { get; init; }

    /// <summary>Conditions of which one has to hold.</summary>
    [JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? Should { get; init; }

    /// <summary>Conditions of which none may hold.</summary>
    [JsonPropertyName("must_not"), JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? MustNot { get; init; }

    /// <summary>Conditions of which a number has to hold.</summary>
    [JsonPropertyName("min_should")]
    public MinShould? MinShould { get; init; }
}

/// <summary>At least <c>min_count</c> of the conditions.</summary>
public sealed record MinShould
{
    /// <summary>The conditions.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>1 or more.</summary>
    [JsonPropertyName("min_count")]
    public int? MinCount { get; init; }
}

/// <summary>
/// One condition: on a field (<c>key</c> with one or more of the tests below, which all have to hold), <c>is_empty</c>, <c>is_null</c>, <c>has_id</c>, <c>has_vector</c>, <c>nested</c>,
/// or a whole filter. An empty one matches everything.
/// </summary>
public sealed record Condition
{
    /// <summary>Field of the metadata: <c>author.name</c> reaches into objects, <c>items[].sku</c> into every element of a list, <c>items[0]</c> into one; a key with dots is quoted: <c>"a.b"</c>.</summary>
    public string? Key { get; init; }

    /// <summary>Equality or words; for a list, with any of its elements.</summary>
    public Match? Match { get; init; }

    /// <summary>Between numbers, or between times.</summary>
    public FieldRange? Range { get; init; }

    /// <summary>A point <c>{"lon","lat"}</c> within a circle.</summary>
    [JsonPropertyName("geo_radius")]
    public GeoRadius? GeoRadius { get; init; }

    /// <summary>A point within a rectangle.</summary>
    [JsonPropertyName("geo_bounding_box")]
    public GeoBox? GeoBoundingBox { get; init; }

    /// <summary>A point within a polygon.</summary>
    [JsonPropertyName("geo_polygon")]
    public GeoPolygon? GeoPolygon { get; init; }

    /// <summary>Number of values: the length of a list, 1 for anything else, 0 for null and for a missing field.</summary>
    [JsonPropertyName("values_count")]
    public ValuesCount? ValuesCount { get; init; }

    /// <summary>Missing, null or <c>[]</c>: <c>{"is_empty":{"key":"field"}}</c>, or <c>{"key":"field","is_empty":true}</c>; false for the opposite.</summary>
    [JsonPropertyName("is_empty")]
    public JsonElement? IsEmpty { get; init; }

    /// <summary>There, and null; written like <c>is_empty</c>.</summary>
    [JsonPropertyName("is_null")]
    public JsonElement? IsNull { get; init; }

    /// <summary>Ids of documents: strings, or integers for ids that are written as such.</summary>
    [JsonPropertyName("has_id")]
    public IReadOnlyList<JsonElement>? HasId { get; init; }

    /// <summary>Name of a vector; every chunk has the one without a name, <c>""</c>, and no other.</summary>
    [JsonPropertyName("has_vector")]
    public string? HasVector { get; init; }

    /// <summary>A filter that one element of a list has to pass by itself.</summary>
    public Nested? Nested { get; init; }

    /// <summary>As in a filter.</summary>
    [JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? Must { get; init; }

    /// <summary>As in a filter.</summary>
    [JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? Should { get; init; }

    /// <summary>As in a filter.</summary>
    [JsonPropertyName("must_not"), JsonConverter(typeof(OneOrMany))]
    public IReadOnlyList<Condition>? MustNot { get; init; }

    /// <summary>As in a filter.</summary>
    [JsonPropertyName("min_should")]
    public MinShould? MinShould { get; init; }
}

/// <summary>One of: <c>value</c>, <c>any</c>, <c>except</c>, <c>text</c>, <c>text_any</c>, <c>phrase</c>, <c>prefix</c>.</summary>
public sealed record Match
{
    /// <summary>The string, integer or Boolean to equal.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>Strings or integers of which one is equal.</summary>
    public IReadOnlyList<JsonElement>? Any { get; init; }

    /// <summary>Strings or integers; a value that is none of them matches, a missing field does not.</summary>
    public IReadOnlyList<JsonElement>? Except { get; init; }

    /// <summary>Words that are all in the text, in any order; letters and digits count, upper case does not.</summary>
    public string? Text { get; init; }

    /// <summary>Words of which one is in the text.</summary>
    [JsonPropertyName("text_any")]
    public string? TextAny { get; init; }

    /// <summary>Words that follow each other in the text.</summary>
    public string? Phrase { get; init; }

    /// <summary>What the string begins with.</summary>
    public string? Prefix { get; init; }
}

/// <summary>Bounds, all numbers or all times (RFC 3339; <c>2024-06-01</c> and a time without a zone are UTC).</summary>
public sealed record FieldRange
{
    /// <summary>Less than.</summary>
    public JsonElement? Lt { get; init; }

    /// <summary>Greater than.</summary>
    public JsonElement? Gt { get; init; }

    /// <summary>Greater or equal.</summary>
    public JsonElement? Gte { get; init; }

    /// <summary>Less or equal.</summary>
    public JsonElement? Lte { get; init; }
}

/// <summary>Bounds of a count.</summary>
public sealed record ValuesCount
{
    /// <summary>Less than.</summary>
    public long? Lt { get; init; }

    /// <summary>Greater than.</summary>
    public long? Gt { get; init; }

    /// <summary>Greater or equal.</summary>
    public long? Gte { get; init; }

    /// <summary>Less or equal.</summary>
    public long? Lte { get; init; }
}

/// <summary>A place in degrees.</summary>
/// <param name="Lon">-180 to 180.</param>
/// <param name="Lat">-90 to 90.</param>
public sealed record GeoPoint(double? Lon = null, double? Lat = null);

/// <summary>A circle on the sphere.</summary>
/// <param name="Center">Its middle.</param>
/// <param name="Radius">In metres.</param>
public sealed record GeoRadius(GeoPoint? Center = null, double? Radius = null);

/// <summary>A rectangle; it may cross the line of 180 degrees.</summary>
public sealed record GeoBox
{
    /// <summary>North-west corner.</summary>
    [JsonPropertyName("top_left")]
    public GeoPoint? TopLeft { get; init; }

    /// <summary>South-east corner.</summary>
    [JsonPropertyName("bottom_right")]
    public GeoPoint? BottomRight { get; init; }
}

/// <summary>A polygon with holes.</summary>
/// <param name="Exterior">The outer ring.</param>
/// <param name="Interiors">The holes.</param>
public sealed record GeoPolygon(GeoRing? Exterior = null, IReadOnlyList<GeoRing>? Interiors = null);

/// <summary>A closed ring: at least four points, of which the last is the first.</summary>
public sealed record GeoRing(IReadOnlyList<GeoPoint>? Points = null);

/// <summary>A filter on the elements of a list, of which one has to pass.</summary>
/// <param name="Key">The list.</param>
/// <param name="Filter">Its keys begin at the element.</param>
public sealed record Nested(string? Key = null, Filter? Filter = null);
