using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Retrieval.Storage;

/// <summary>
/// Qdrant's path to a field: <c>a.b</c>, <c>a[].b</c> for every element of a list, <c>a[0]</c> for one, quotes around a key that has dots or brackets itself.
/// A list is only entered where the path says so.
/// </summary>
internal sealed class FieldPath
{
    private readonly Step[] _steps;

    private FieldPath(string text, Step[] steps) => (Text, _steps) = (text, steps);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Null when it is not a path.</summary>
    public static FieldPath? Parse(string text)
    {
        List<Step> steps = [];
        int at = 0;
        while (at < text.Length || steps.Count == 0)
        {
            if (steps.Count > 0 && text[at] == '[')
            {
                if (Bracket(text, ref at) is not { } bracket)
                {
                    return null;
                }
                steps.Add(bracket);
                continue;
            }
            if (steps.Count > 0 && text[at++] != '.')
            {
                return null;
            }
            if (Key(text, ref at) is not { } key)
            {
                return null;
            }
            steps.Add(new Step(key, null));
        }
        return new FieldPath(text, [.. steps]);
    }

    /// <summary>The same field, every element of it.</summary>
    public FieldPath Elements() => _steps[^1] is { Key: null, Index: null } ? this : new FieldPath($"{Text}[]", [.. _steps, default]);

    /// <summary>Every value that is there; none when the field is missing.</summary>
    public void Collect(JsonElement metadata, List<JsonElement> values) => Collect(metadata, 0, values);

    private void Collect(JsonElement at, int depth, List<JsonElement> values)
    {
        if (depth == _steps.Length)
        {
            values.Add(at);
            return;
        }
        Step step = _steps[depth];
        if (step.Key is not null)
        {
            if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(step.Key, out JsonElement next))
            {
                Collect(next, depth + 1, values);
            }
        }
        else if (at.ValueKind == JsonValueKind.Array)
        {
            if (step.Index is { } index)
            {
                if (index < at.GetArrayLength())
                {
                    Collect(at[index], depth + 1, values);
                }
                return;
            }
            foreach (JsonElement element in at.EnumerateArray())
            {
                Collect(element, depth + 1, values);
            }
        }
    }

    private static string? Key(string text, ref int at)
    {
        if (at < text.Length && text[at] == '"')
        {
            return Quoted(text, ref at);
        }
        int from = at;
        while (at < text.Length && text[at] is not ('.' or '[' or ']' or '"'))
        {
            at++;
        }
        return at > from ? text[from..at] : null;
    }

    private static string? Quoted(string text, ref int at)
    {
        StringBuilder key = new();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return key.ToString();
            }
            if (text[at] == '\\' && ++at == text.Length)
            {
                return null;
            }
            key.Append(text[at]);
        }
        return null;
    }

    private static Step? Bracket(string text, ref int at)
    {
        int end = text.IndexOf(']', at), from = at + 1;
        if (end < 0)
        {
            return null;
        }
        at = end + 1;
        return end == from ? default(Step) : int.TryParse(text.AsSpan(from, end - from), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? new Step(null, index) : null;
    }

    /// <summary>A key, an element, or (neither) every element.</summary>
    private readonly record struct Step(string? Key, int? Index);
}
