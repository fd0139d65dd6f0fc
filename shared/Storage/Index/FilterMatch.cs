using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>Qdrant's filter semantics over a document's metadata: a missing field matches nothing and is no error; a list matches by any element.</summary>
internal static class FilterMatch
{
    /// <summary>Refuses conditions that are incomplete.</summary>
    /// <exception cref="RetrievalException">Invalid, naming the field.</exception>
    public static void Check(Filter filter)
    {
        for (int i = 0; i < (filter.Must?.Count ?? 0); i++)
        {
            Condition? condition = filter.Must![i]; // JSON may hold null where a condition should be
            if (string.IsNullOrEmpty(condition?.Key))
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Condition {i} of the filter names no field.", $"filter.must[{i}].key", help: """Write {"key":"language","match":{"value":"en"}}.""");
            }
            if (condition.Match?.Value is not { ValueKind: JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value
                || (value.ValueKind == JsonValueKind.Number && !value.TryGetInt64(out _)))
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Condition {i} of the filter has no value to equal.", $"filter.must[{i}].match.value", Shown(condition.Match?.Value), "a string, an integer or a Boolean",
                    """Write {"key":"language","match":{"value":"en"}}.""");
            }
        }
    }

    private static string? Shown(JsonElement? value) => value?.ToString() is { } text ? (text.Length <= 60 ? text : text[..60] + "…") : null;

    /// <summary>Whether every condition holds.</summary>
    public static bool Holds(Filter filter, Dictionary<string, JsonElement>? metadata) => filter.Must is null || filter.Must.All(c => Holds(c, metadata));

    private static bool Holds(Condition condition, Dictionary<string, JsonElement>? metadata)
    {
        if (metadata is null)
        {
            return false;
        }
        JsonElement wanted = condition.Match!.Value!.Value;
        // A field may be named with dots itself: the whole key first, then as a path.
        if (metadata.TryGetValue(condition.Key!, out JsonElement whole))
        {
            return Equal(whole, wanted);
        }
        string[] path = condition.Key!.Split('.');
        return metadata.TryGetValue(path[0], out JsonElement first) && Reach(first, path, 1, wanted);
    }

    private static bool Reach(JsonElement at, string[] path, int depth, JsonElement wanted)
    {
        if (depth == path.Length)
        {
            return Equal(at, wanted);
        }
        return at.ValueKind switch
        {
            JsonValueKind.Object => at.TryGetProperty(path[depth], out JsonElement next) && Reach(next, path, depth + 1, wanted),
            JsonValueKind.Array => at.EnumerateArray().Any(element => Reach(element, path, depth, wanted)),
            _ => false,
        };
    }

    private static bool Equal(JsonElement have, JsonElement wanted) => have.ValueKind switch
    {
        JsonValueKind.Array => have.EnumerateArray().Any(element => Equal(element, wanted)),
        JsonValueKind.String => wanted.ValueKind == JsonValueKind.String && have.GetString() == wanted.GetString(),
        JsonValueKind.Number => wanted.ValueKind == JsonValueKind.Number && have.TryGetInt64(out long number) && number == wanted.GetInt64(),
        JsonValueKind.True or JsonValueKind.False => have.ValueKind == wanted.ValueKind,
        _ => false,
    };
}
