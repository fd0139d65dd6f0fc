using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>A filter from the wire to a plan. What is not complete or has no meaning is refused by its JSON path.</summary>
internal static class FilterReader
{
    private const string Example = """Write {"key":"language","match":{"value":"en"}}.""", Root = "filter";

    /// <summary>Null when everything passes.</summary>
    /// <exception cref="RetrievalException">Invalid, with the path, the value and what may stand there.</exception>
    public static FilterPlan? Read(Filter? filter) => filter is null || Of(filter, Root) is not { } plan || plan is Always { Value: true } ? null : plan;

    private static FilterPlan Of(Filter filter, string at) => Clauses(filter.Must, filter.Should, filter.MustNot, filter.MinShould, at);

    private static FilterPlan Clauses(IReadOnlyList<Condition>? must, IReadOnlyList<Condition>? should, IReadOnlyList<Condition>? mustNot, MinShould? minShould, string at)
    {
        List<FilterPlan> parts = [.. All(must, $"{at}.must")];
        if (All(should, $"{at}.should") is { Count: > 0 } any)
        {
            parts.Add(new AtLeast(1, any));
        }
        parts.AddRange(All(mustNot, $"{at}.must_not").Select(p => new Not(p)));
        if (minShould is not null)
        {
            if (minShould.MinCount is not >= 1)
            {
                throw Invalid($"At least one condition has to be asked for.", $"{at}.min_should.min_count", $"{minShould.MinCount}", "1 or more", """Write {"conditions":[…],"min_count":2}.""");
            }
            parts.Add(new AtLeast(minShould.MinCount.Value, All(minShould.Conditions ?? [], $"{at}.min_should.conditions")));
        }
        return parts.Count switch { 0 => new Always(true), 1 => parts[0], _ => new AtLeast(parts.Count, parts) };
    }

    private static List<FilterPlan> All(IReadOnlyList<Condition>? conditions, string at) => [.. (conditions ?? []).Select((c, i) => One(c, $"{at}[{i}]"))];

    private static FilterPlan One(Condition condition, string at)
    {
        if (condition is null) // JSON may hold null where a condition should be
        {
            throw Invalid("A condition is null.", at, "null", "a condition", Example);
        }
        List<FilterPlan> parts = condition.Key is null ? Unkeyed(condition, at) : Keyed(condition, Path(condition.Key, $"{at}.key"), at);
        bool clauses = condition.Must is not null || condition.Should is not null || condition.MustNot is not null || condition.MinShould is not null;
        if (clauses)
        {
            parts.Add(Clauses(condition.Must, condition.Should, condition.MustNot, condition.MinShould, at));
        }
        return parts.Count switch
        {
            0 when condition.Key is not null => throw Invalid($"The condition on '{condition.Key}' asks for nothing.", at, condition.Key, "match, range, values_count, is_empty, is_null, geo_radius, geo_bounding_box or geo_polygon", Example),
            0 => new Always(true),
            1 => parts[0],
            _ when condition.Key is not null && !clauses => new AtLeast(parts.Count, parts),
            _ => throw Invalid("A condition is of several kinds at once.", at, null, "a field's condition, is_empty, is_null, has_id, has_vector, nested or a filter", "Write one condition for each; those of 'must' all have to hold."),
        };
    }

    private static List<FilterPlan> Unkeyed(Condition condition, string at)
    {
        if (condition.Match is not null || condition.Range is not null || condition.ValuesCount is not null || condition.GeoRadius is not null || condition.GeoBoundingBox is not null || condition.GeoPolygon is not null)
        {
            throw Invalid("A condition names no field.", $"{at}.key", null, "the field's name", Example);
        }
        List<FilterPlan> parts = [];
        if (condition.IsEmpty is { } empty)
        {
            parts.Add(new EmptyTest(Field(empty, $"{at}.is_empty")));
        }
        if (condition.IsNull is { } isNull)
        {
            parts.Add(new NullTest(Field(isNull, $"{at}.is_null")));
        }
        if (condition.HasId is { } ids)
        {
            parts.Add(new IdTest(ids.Select((id, i) => Id(id, $"{at}.has_id[{i}]")).ToHashSet(StringComparer.Ordinal)));
        }
        if (condition.HasVector is { } name)
        {
            parts.Add(new Always(name.Length == 0));
        }
        if (condition.Nested is { } nested)
        {
            FieldPath list = Path(nested.Key ?? "", $"{at}.nested.key");
            parts.Add(new NestedTest(list.Elements(), Of(nested.Filter ?? throw Invalid("A nested condition has no filter.", $"{at}.nested.filter", null, "a filter", Example), $"{at}.nested.filter")));
        }
        return parts;
    }

    private static List<FilterPlan> Keyed(Condition condition, FieldPath path, string at)
    {
        if (condition.HasId is not null || condition.HasVector is not null || condition.Nested is not null)
        {
            throw Invalid("A condition on a field is of another kind too.", at, condition.Key, "has_id, has_vector and nested without a key", "Write one condition for each.");
        }
        List<FilterPlan> parts = [];
        if (condition.Match is { } match)
        {
            parts.Add(new FieldTest(path, ValueTestReader.Match(match, $"{at}.match")));
        }
        if (condition.Range is { } range)
        {
            parts.Add(new FieldTest(path, ValueTestReader.Range(range, $"{at}.range")));
        }
        if (condition.ValuesCount is { } count)
        {
            parts.Add(new CountTest(path, Math.Max(count.Gte ?? 0, count.Gt is { } gt and < long.MaxValue ? gt + 1 : 0), Math.Min(count.Lte ?? long.MaxValue, count.Lt is { } lt and > long.MinValue ? lt - 1 : long.MaxValue)));
        }
        parts.AddRange(ValueTestReader.Geo(condition, at).Select(test => new FieldTest(path, test)));
        parts.AddRange(Flag(condition.IsEmpty, new EmptyTest(path), $"{at}.is_empty"));
        parts.AddRange(Flag(condition.IsNull, new NullTest(path), $"{at}.is_null"));
        return parts;
    }

    private static IEnumerable<FilterPlan> Flag(JsonElement? wanted, FilterPlan test, string at) => wanted?.ValueKind switch
    {
        null => [],
        JsonValueKind.True => [test],
        JsonValueKind.False => [new Not(test)],
        _ => throw Invalid("With a key, it is true or false.", at, Shown(wanted), "true or false", """Write {"key":"field","is_empty":true}."""),
    };

    private static FieldPath Field(JsonElement condition, string at) => condition.ValueKind == JsonValueKind.Object && condition.EnumerateObject().ToList() is [{ Name: "key", Value: { ValueKind: JsonValueKind.String } key }]
        ? Path(key.GetString()!, $"{at}.key") : throw Invalid("The condition names no field.", at, Shown(condition), """{"key":"field"}""", """Write {"is_empty":{"key":"field"}}.""");

    private static FieldPath Path(string key, string at) => FieldPath.Parse(key)
        ?? throw Invalid($"'{key}' is not the name of a field.", at, key, "names joined by dots, [] behind a list", """A name with dots or brackets is quoted: "\"a.b\"".""");

    private static string Id(JsonElement id, string at) => id.ValueKind switch
    {
        JsonValueKind.String => id.GetString()!,
        JsonValueKind.Number when id.TryGetUInt64(out ulong number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => throw Invalid("This is not an id.", at, Shown(id), "a string or an integer from 0", "Take the ids of documents as hits show them."),
    };

    /// <summary>A value for a message, not too long.</summary>
    public static string? Shown(JsonElement? value) => value?.ToString() is { } text ? (text.Length <= 60 ? text : text[..60] + "…") : null;

    /// <summary>The error of a place.</summary>
    public static RetrievalException Invalid(string detail, string at, string? value, string? limit, string help) => new(ErrorKind.Invalid, detail, at, value is { Length: > 61 } ? value[..60] + "…" : value, limit, help);
}
