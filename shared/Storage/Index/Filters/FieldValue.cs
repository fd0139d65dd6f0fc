using System.Globalization;
using System.Text.Json;

namespace Retrieval.Storage;

/// <summary>What a field's value can be for a condition.</summary>
internal enum FieldKind
{
    /// <summary>Null.</summary>
    Null,
    /// <summary>True or false.</summary>
    Flag,
    /// <summary>A whole number of 64 bits, written without a point.</summary>
    Integer,
    /// <summary>Any other number.</summary>
    Number,
    /// <summary>A string.</summary>
    Text,
    /// <summary>An object with a longitude and a latitude.</summary>
    Point,
    /// <summary>Another object, or a list in a list.</summary>
    Other,
}

/// <summary>One value of a field, of which equal ones are equal.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Of a string.</param>
/// <param name="Integer">Of an integer; 0 or 1 of a flag.</param>
/// <param name="X">Of any number; the longitude of a point.</param>
/// <param name="Y">The latitude of a point.</param>
internal readonly record struct FieldValue(FieldKind Kind, string? Text, long Integer, double X, double Y)
{
    private static readonly string[] TimeForms =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd",
    ];

    /// <summary>A scalar or an object; lists are gone through by the caller.</summary>
    public static FieldValue Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => OfText(element.GetString()!),
        JsonValueKind.Number when element.TryGetInt64(out long integer) => OfInteger(integer),
        JsonValueKind.Number => new FieldValue(FieldKind.Number, null, 0, element.TryGetDouble(out double number) ? number : double.NaN, 0),
        JsonValueKind.True or JsonValueKind.False => new FieldValue(FieldKind.Flag, null, element.ValueKind == JsonValueKind.True ? 1 : 0, 0, 0),
        JsonValueKind.Object => OfObject(element),
        JsonValueKind.Array => new FieldValue(FieldKind.Other, null, 0, 0, 0),
        _ => default,
    };

    /// <summary>A string.</summary>
    public static FieldValue OfText(string text) => new(FieldKind.Text, text, 0, 0, 0);

    /// <summary>An integer.</summary>
    public static FieldValue OfInteger(long integer) => new(FieldKind.Integer, null, integer, integer, 0);

    /// <summary>Any number, for ranges.</summary>
    public double? AsNumber => Kind is FieldKind.Integer or FieldKind.Number ? X : null;

    /// <summary>A string that is a time, in ticks of UTC.</summary>
    public long? AsTime => Kind == FieldKind.Text ? Time(Text!) : null;

    /// <summary>RFC 3339, also with a blank for the T, without a zone (UTC), without seconds, or a date alone. Null for anything else.</summary>
    public static long? Time(string text) =>
        text.Length >= 10 && DateTimeOffset.TryParseExact(text, TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time.UtcTicks : null;

    private static FieldValue OfObject(JsonElement element) =>
        element.TryGetProperty("lon", out JsonElement lon) && element.TryGetProperty("lat", out JsonElement lat)
        && lon.ValueKind == JsonValueKind.Number && lat.ValueKind == JsonValueKind.Number && lon.TryGetDouble(out double x) && lat.TryGetDouble(out double y)
            ? new FieldValue(FieldKind.Point, null, 0, x, y) : new FieldValue(FieldKind.Other, null, 0, 0, 0);
}
