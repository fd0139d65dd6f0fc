using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Storage.Filters;

/// <summary>Columns, the plan of one document, and an evaluator that walks the filter's JSON as it was written: all three agree on random filters over random metadata.</summary>
public sealed partial class FieldColumnsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Columns_and_plans_agree_with_an_evaluator_that_reads_the_filter_word_by_word(int seed)
    {
        Random random = new(seed);
        (string Id, string? Metadata)[] documents = [.. Enumerable.Range(0, 150).Select(i => ($"d{i}", random.Next(10) == 0 ? null : Metadata(random).ToJsonString()))];
        FieldColumns columns = new(documents.Length, i => FilterPlan.Element(documents[i].Metadata), id => Array.FindIndex(documents, d => d.Id == id));
        int some = 0;
        for (int round = 0; round < 600; round++)
        {
            JsonObject filter = Filter(random, 3);
            FilterPlan plan = FilterReader.Read(JsonSerializer.Deserialize(filter.ToJsonString(), WireJson.Strict.Filter)) ?? new Always(true);
            RowBitmap passing = columns.Passing(plan);
            bool[] expected = [.. documents.Select(d => Holds(filter, d.Metadata is null ? [] : JsonNode.Parse(d.Metadata)!.AsObject(), d.Id))];
            documents.Select(d => plan.Holds(FilterPlan.Element(d.Metadata), d.Id)).ShouldBe(expected, $"seed {seed}, one by one: {filter}");
            documents.Select((_, i) => passing[i]).ShouldBe(expected, $"seed {seed}, columns: {filter}");
            some += expected.Contains(true) && expected.Contains(false) ? 1 : 0;
        }
        some.ShouldBeGreaterThan(120, $"seed {seed}: most filters say nothing");
    }

    [Fact]
    public void A_column_is_made_when_a_filter_names_its_field_and_only_then()
    {
        int read = 0;
        FieldColumns columns = new(10, i => { read++; return FilterPlan.Element($$"""{"a":{{i}},"b":1}"""); }, _ => -1);
        columns.Fields.ShouldBeEmpty();
        FilterPlan plan = FilterReader.Read(JsonSerializer.Deserialize("""{"must":[{"key":"a","range":{"gte":4}}]}""", WireJson.Strict.Filter))!;
        columns.Passing(plan).Count().ShouldBe(6);
        columns.Passing(plan).Count().ShouldBe(6);
        (string.Join(',', columns.Fields), read).ShouldBe(("a", 10));
    }

    private static JsonObject Metadata(Random random)
    {
        JsonObject metadata = [];
        foreach (string key in (string[])["a", "b", "c"])
        {
            if (random.Next(4) > 0)
            {
                metadata[key] = Value(random, 2);
            }
        }
        if (random.Next(2) == 0)
        {
            metadata["list"] = new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(5) == 0 ? Scalar(random) : new JsonObject { ["a"] = Value(random, 1), ["b"] = Scalar(random) })]);
        }
        return metadata;
    }

    private static JsonNode? Value(Random random, int depth) => random.Next(6) switch
    {
        0 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth - 1))]),
        1 when depth > 0 => new JsonObject { ["a"] = Value(random, depth - 1) },
        _ => Scalar(random),
    };

    private static JsonNode? Scalar(Random random) => random.Next(8) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(4) + 0.5,
        3 or 4 => random.Next(4),
        5 => Day(random),
        _ => Words(random),
    };

    private static string Words(Random random) => string.Join(random.Next(2) == 0 ? " " : ", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => ((string[])["x", "Y", "zz"])[random.Next(3)]));

    private static string Day(Random random) => $"2024-01-0{random.Next(1, 5)}";

    private static JsonObject Filter(Random random, int depth)
    {
        JsonObject filter = [];
        foreach (string clause in (string[])["must", "should", "must_not"])
        {
            if (random.Next(3) == 0)
            {
                filter[clause] = random.Next(3) == 0 ? Condition(random, depth - 1) : new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => (JsonNode)Condition(random, depth - 1))]);
            }
        }
        if (random.Next(6) == 0)
        {
            filter["min_should"] = new JsonObject { ["conditions"] = new JsonArray([.. Enumerable.Range(0, 3).Select(_ => (JsonNode)Condition(random, depth - 1))]), ["min_count"] = random.Next(1, 4) };
        }
        return filter;
    }

    private static JsonObject Condition(Random random, int depth)
    {
        string key = ((string[])["a", "b", "c", "a[]", "a.a", "list[].a", "list[].b", "list", "list[1].b", "missing"])[random.Next(10)];
        return random.Next(12) switch
        {
            0 when depth > 0 => Filter(random, depth),
            1 when depth > 0 => new JsonObject { ["nested"] = new JsonObject { ["key"] = random.Next(2) == 0 ? "list" : "list[]", ["filter"] = Filter(random, depth) } },
            2 => new JsonObject { ["has_id"] = new JsonArray([.. Enumerable.Range(0, random.Next(6)).Select(_ => (JsonNode)$"d{random.Next(200)}")]) },
            3 => new JsonObject { [random.Next(2) == 0 ? "is_empty" : "is_null"] = new JsonObject { ["key"] = key } },
            4 => new JsonObject { ["key"] = key, [random.Next(2) == 0 ? "is_empty" : "is_null"] = random.Next(2) == 0 },
            5 => new JsonObject { ["key"] = key, ["values_count"] = Bounds(random, () => random.Next(4)) },
            6 => new JsonObject { ["key"] = key, ["range"] = Bounds(random, () => random.Next(8) / 2.0) },
            7 => new JsonObject { ["key"] = key, ["range"] = new JsonObject { ["gte"] = Day(random), [random.Next(2) == 0 ? "lt" : "lte"] = $"{Day(random)}T00:00:00Z" } },
            8 => new JsonObject { ["key"] = key, ["match"] = new JsonObject { [random.Next(2) == 0 ? "any" : "except"] = random.Next(2) == 0 ? new JsonArray(random.Next(4), random.Next(4)) : new JsonArray(Words(random), Words(random)) } },
            9 => new JsonObject { ["key"] = key, ["match"] = new JsonObject { [((string[])["text", "text_any", "phrase", "prefix"])[random.Next(4)]] = Words(random) } },
            _ => new JsonObject { ["key"] = key, ["match"] = new JsonObject { ["value"] = random.Next(3) switch { 0 => random.Next(4), 1 => random.Next(2) == 0, _ => Words(random) } } },
        };
    }

    private static JsonObject Bounds(Random random, Func<JsonNode> bound)
    {
        JsonObject bounds = [];
        foreach (string name in (string[])["lt", "gt", "gte", "lte"])
        {
            if (random.Next(3) == 0)
            {
                bounds[name] = bound();
            }
        }
        return bounds;
    }

    // What follows shares no line with the code under test.

    private static bool Holds(JsonObject filter, JsonObject document, string? id)
    {
        List<JsonObject> Conditions(JsonNode? node) => node switch { null => [], JsonArray list => [.. list.Select(n => n!.AsObject())], _ => [node.AsObject()] };
        bool should = Conditions(filter["should"]) is not { Count: > 0 } any || any.Exists(c => Condition(c, document, id));
        bool enough = filter["min_should"] is not { } min || Conditions(min["conditions"]).Count(c => Condition(c, document, id)) >= min["min_count"]!.GetValue<int>();
        return should && enough && Conditions(filter["must"]).TrueForAll(c => Condition(c, document, id)) && !Conditions(filter["must_not"]).Exists(c => Condition(c, document, id));
    }

    private static bool Condition(JsonObject c, JsonObject document, string? id)
    {
        if (c["has_id"] is JsonArray ids)
        {
            return ids.Any(i => i!.GetValue<string>() == id);
        }
        if (c["nested"] is { } nested)
        {
            string list = nested["key"]!.GetValue<string>();
            return At(document, list.EndsWith(']') ? list : $"{list}[]").OfType<JsonObject>().Any(o => Holds(nested["filter"]!.AsObject(), o, null));
        }
        if (c["key"] is null && c["is_empty"] is null && c["is_null"] is null)
        {
            return Holds(c, document, id);
        }
        string key = (c["key"] ?? c["is_empty"]?["key"] ?? c["is_null"]?["key"])!.GetValue<string>();
        List<JsonNode?> values = At(document, key);
        if (c["is_empty"] is { } empty)
        {
            return values.TrueForAll(v => v is null or JsonArray { Count: 0 }) == (empty is JsonObject || empty.GetValue<bool>());
        }
        if (c["is_null"] is { } isNull)
        {
            return values.Contains(null) == (isNull is JsonObject || isNull.GetValue<bool>());
        }
        if (c["values_count"] is JsonObject count)
        {
            IEnumerable<int> counts = values.Count == 0 ? [0] : values.Select(v => v is null ? 0 : v is JsonArray list ? list.Count : 1);
            return counts.Any(n => Between(n, count));
        }
        IEnumerable<JsonNode?> each = values.SelectMany(v => v is JsonArray list ? [.. list] : (IEnumerable<JsonNode?>)[v]);
        return c["range"] is JsonObject range ? each.Any(v => Within(v, range)) : each.Any(v => Matches(v, c["match"]!.AsObject()));
    }

    private static bool Within(JsonNode? value, JsonObject range)
    {
        if (range.Any(b => b.Value!.GetValueKind() == JsonValueKind.String))
        {
            return value?.GetValueKind() == JsonValueKind.String && DateTime.TryParseExact(value.GetValue<string>(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime day)
                && range.All(b => Compare(day.CompareTo(DateTime.Parse(b.Value!.GetValue<string>()[..10], CultureInfo.InvariantCulture)), b.Key));
        }
        return value?.GetValueKind() == JsonValueKind.Number && Between(double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture), range);
    }

    private static bool Between(double value, JsonObject range) => range.All(b => Compare(value.CompareTo(double.Parse(b.Value!.ToJsonString(), CultureInfo.InvariantCulture)), b.Key));

    private static bool Compare(int sign, string bound) => bound switch { "lt" => sign < 0, "lte" => sign <= 0, "gt" => sign > 0, _ => sign >= 0 };

    private static bool Matches(JsonNode? value, JsonObject match)
    {
        (string form, JsonNode? wanted) = match.Single();
        string? text = value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
        switch (form)
        {
            case "value":
                return JsonNode.DeepEquals(value, wanted);
            case "any":
                return wanted!.AsArray().Any(w => JsonNode.DeepEquals(w, value));
            case "except":
                return value is not null && !wanted!.AsArray().Any(w => JsonNode.DeepEquals(w, value));
            case "prefix":
                return text?.StartsWith(wanted!.GetValue<string>(), StringComparison.Ordinal) == true;
        }
        if (text is null)
        {
            return false;
        }
        string[] have = Split(text), words = Split(wanted!.GetValue<string>());
        return form switch
        {
            "text" => words.All(have.Contains),
            "text_any" => words.Any(have.Contains),
            _ => $" {string.Join(' ', have)} ".Contains($" {string.Join(' ', words)} ", StringComparison.Ordinal),
        };
    }

    private static string[] Split(string text) => [.. NotWord().Split(text.ToLowerInvariant()).Where(w => w.Length > 0)];

    private static List<JsonNode?> At(JsonNode document, string key)
    {
        List<JsonNode?> at = [document];
        foreach (System.Text.RegularExpressions.Match step in Step().Matches(key))
        {
            at = [.. at.SelectMany(n => step.Value switch
            {
                "[]" => n is JsonArray all ? [.. all] : (IEnumerable<JsonNode?>)[],
                ['[', ..] => n is JsonArray list && list.Count > 1 ? [list[1]] : [],
                _ => n is JsonObject o && o.TryGetPropertyValue(step.Value, out JsonNode? next) ? [next] : [],
            })];
        }
        return at;
    }

    [GeneratedRegex(@"[^.\[\]]+(?![^\[]*\])|\[\d*\]")]
    private static partial Regex Step();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotWord();
}
