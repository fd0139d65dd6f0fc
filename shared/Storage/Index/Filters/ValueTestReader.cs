using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>What a condition asks of a value, from the wire.</summary>
internal static class ValueTestReader
{
    private const string MatchExample = """Write {"key":"language","match":{"value":"en"}}.""";

    /// <summary>One of the forms of a match.</summary>
    public static ValueTest Match(Match match, string at)
    {
        List<ValueTest> forms = [];
        if (match.Value is { } value)
        {
            forms.Add(new OneOf(new HashSet<FieldValue> { Scalar(value, $"{at}.value", flags: true) }));
        }
        if (match.Any is { } any)
        {
            forms.Add(new OneOf(Set(any, $"{at}.any")));
        }
        if (match.Except is { } except)
        {
            forms.Add(new NoneOf(Set(except, $"{at}.except")));
        }
        if (match.Prefix is { } prefix)
        {
            forms.Add(new BeginsWith(prefix));
        }
        (string? Text, WordOrder Order)[] texts = [(match.Text, WordOrder.All), (match.TextAny, WordOrder.Any), (match.Phrase, WordOrder.Phrase)];
        forms.AddRange(texts.Where(t => t.Text is not null).Select(t => new HasWords(HasWords.Split(t.Text!), t.Order)));
        return forms switch
        {
            [var one] => one,
            [] => throw FilterReader.Invalid("A match has nothing to equal.", $"{at}.value", null, "value, any, except, text, text_any, phrase or prefix", MatchExample),
            _ => throw FilterReader.Invalid("A match is of several kinds at once.", at, null, "one of value, any, except, text, text_any, phrase and prefix", "Write one condition for each."),
        };
    }

    /// <summary>Numbers or times between bounds.</summary>
    public static ValueTest Range(FieldRange range, string at)
    {
        (JsonElement? Bound, string Name)[] bounds = [(range.Gt, "gt"), (range.Gte, "gte"), (range.Lt, "lt"), (range.Lte, "lte")];
        (JsonElement? Bound, string Name) first = bounds.FirstOrDefault(b => b.Bound is not null);
        foreach ((JsonElement? bound, string name) in bounds.Where(b => b.Bound is not null))
        {
            if (bound!.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String) || bound.Value.ValueKind != first.Bound!.Value.ValueKind)
            {
                throw FilterReader.Invalid("A range is between numbers or between times.", $"{at}.{name}", FilterReader.Shown(bound), "all numbers, or all times", """Write {"key":"year","range":{"gte":2020}}.""");
            }
        }
        return first.Bound?.ValueKind == JsonValueKind.String ? Times(range, at) : Numbers(range);
    }

    /// <summary>The conditions on places.</summary>
    public static IEnumerable<ValueTest> Geo(Condition condition, string at)
    {
        if (condition.GeoRadius is { } radius)
        {
            (double lon, double lat) = Point(radius.Center, $"{at}.geo_radius.center");
            yield return new WithinRadius(lon, lat, radius.Radius is > 0 ? radius.Radius.Value
                : throw FilterReader.Invalid("A radius is a number of metres.", $"{at}.geo_radius.radius", Number(radius.Radius), "above 0", "Give the radius in metres."));
        }
        if (condition.GeoBoundingBox is { } box)
        {
            (double west, double north) = Point(box.TopLeft, $"{at}.geo_bounding_box.top_left");
            (double east, double south) = Point(box.BottomRight, $"{at}.geo_bounding_box.bottom_right");
            yield return new WithinBox(west, north, east, south);
        }
        if (condition.GeoPolygon is { } polygon)
        {
            yield return new WithinPolygon(Ring(polygon.Exterior, $"{at}.geo_polygon.exterior"), [.. (polygon.Interiors ?? []).Select((r, i) => Ring(r, $"{at}.geo_polygon.interiors[{i}]"))]);
        }
    }

    private static HashSet<FieldValue> Set(IReadOnlyList<JsonElement> values, string at)
    {
        HashSet<FieldValue> set = [.. values.Select((v, i) => Scalar(v, $"{at}[{i}]", flags: false))];
        return set.Select(v => v.Kind).Distinct().Count() <= 1 ? set : throw FilterReader.Invalid("A list to match is of one kind.", at, null, "strings only, or integers only", "Write one condition for each kind, in 'should'.");
    }

    private static FieldValue Scalar(JsonElement value, string at, bool flags) => value.ValueKind switch
    {
        JsonValueKind.String or JsonValueKind.Number when FieldValue.Of(value) is { Kind: FieldKind.Text or FieldKind.Integer } scalar => scalar,
        JsonValueKind.True or JsonValueKind.False when flags => FieldValue.Of(value),
        JsonValueKind.Number => throw FilterReader.Invalid("Numbers that are no integers of 64 bits are not matched.", at, FilterReader.Shown(value), "a string, an integer or a Boolean", """Write {"key":"price","range":{"gte":1.5,"lte":1.5}}."""),
        _ => throw FilterReader.Invalid("This is nothing that a value can equal.", at, FilterReader.Shown(value), flags ? "a string, an integer or a Boolean" : "a string or an integer", MatchExample),
    };

    private static NumberRange Numbers(FieldRange range)
    {
        double? gt = range.Gt?.GetDouble(), gte = range.Gte?.GetDouble(), lt = range.Lt?.GetDouble(), lte = range.Lte?.GetDouble();
        bool openFrom = gt is not null && !(gte > gt), openTo = lt is not null && !(lte < lt);
        return new NumberRange(openFrom ? gt!.Value : gte ?? double.NegativeInfinity, !openFrom, openTo ? lt!.Value : lte ?? double.PositiveInfinity, !openTo);
    }

    private static TimeRange Times(FieldRange range, string at) => new(
        Math.Max(range.Gte is { } gte ? Time(gte, $"{at}.gte") : long.MinValue, range.Gt is { } gt ? Time(gt, $"{at}.gt") + 1 : long.MinValue),
        Math.Min(range.Lte is { } lte ? Time(lte, $"{at}.lte") : long.MaxValue, range.Lt is { } lt ? Time(lt, $"{at}.lt") - 1 : long.MaxValue));

    private static long Time(JsonElement text, string at) => FieldValue.Time(text.GetString()!)
        ?? throw FilterReader.Invalid($"'{FilterReader.Shown(text)}' is not a time.", at, FilterReader.Shown(text), "a time as RFC 3339 writes it", "Write 2014-01-01T00:00:00Z, or 2014-01-01.");

    private static (double X, double Y) Point(GeoPoint? point, string at) => point is { Lon: >= -180 and <= 180, Lat: >= -90 and <= 90 } ? (point.Lon.Value, point.Lat.Value)
        : throw FilterReader.Invalid("This is not a place on Earth.", at, point is null ? null : $"lon {Number(point.Lon)}, lat {Number(point.Lat)}", "lon from -180 to 180, lat from -90 to 90", """Write {"lon":13.4,"lat":52.5}.""");

    private static List<(double X, double Y)> Ring(GeoRing? ring, string at)
    {
        List<(double X, double Y)> points = [.. (ring?.Points ?? []).Select((p, i) => Point(p, $"{at}.points[{i}]"))];
        return points.Count >= 4 && points[0] == points[^1] ? points
            : throw FilterReader.Invalid("This is not a closed ring.", $"{at}.points", $"{points.Count} points", "4 points or more, the last equal to the first", "Repeat the first point at the end.");
    }

    private static string? Number(double? number) => number?.ToString(CultureInfo.InvariantCulture);
}
