using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>What a request's type wants at a path, and what the body has there, in words for the caller.</summary>
internal static partial class ExpectedShape
{
    private const int MostShown = 32;

    /// <summary>Null when the path leaves the type.</summary>
    public static string? At(JsonTypeInfo type, string? path)
    {
        JsonTypeInfo? at = type;
        foreach (System.Text.RegularExpressions.Match segment in Segment().Matches(path ?? ""))
        {
            Type? next = segment.Value[0] == '[' ? at.ElementType ?? (at.Type == typeof(IReadOnlyList<Condition>) ? typeof(Condition) : null) : at.Properties.FirstOrDefault(p => p.Name == segment.Value)?.PropertyType;
            if (next is null || !at.Options.TryGetTypeInfo(next, out at))
            {
                return null;
            }
        }
        return Words(at);
    }

    /// <summary>Numbers, words and Booleans as they stand, everything else by its kind; null when the body is not whole JSON.</summary>
    public static string? Given(ReadOnlySpan<byte> json, string? path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.ToArray());
            JsonElement at = document.RootElement;
            foreach (System.Text.RegularExpressions.Match segment in Segment().Matches(path ?? ""))
            {
                at = segment.Value[0] == '[' ? at[int.Parse(segment.Value.AsSpan(1, segment.Length - 2), CultureInfo.InvariantCulture)] : at.GetProperty(segment.Value);
            }
            return at.ValueKind switch
            {
                JsonValueKind.Object => "an object",
                JsonValueKind.Array => "a list",
                JsonValueKind.String when at.GetString() is { Length: > MostShown } => "a string",
                _ => at.GetRawText(),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>The fields of an object.</summary>
    public static string Fields(JsonTypeInfo type) => string.Join(", ", type.Properties.Select(p => p.Name));

    private static string? Words(JsonTypeInfo type)
    {
        Type bare = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => $"an object with {Fields(type)}",
            JsonTypeInfoKind.Enumerable => "a list",
            JsonTypeInfoKind.Dictionary => "an object",
            _ when bare == typeof(string) => "a string",
            _ when bare == typeof(byte[]) => "base64",
            _ when bare == typeof(float) => "a number",
            _ when bare == typeof(int) || bare == typeof(long) => $"an integer of {(bare == typeof(int) ? 32 : 64)} bits",
            _ when bare.IsEnum => string.Join(", ", Enum.GetValues(bare).Cast<object>().Select(value => JsonSerializer.Serialize(value, type.Options.GetTypeInfo(bare)).Trim('"'))),
            _ => null,
        };
    }

    [GeneratedRegex(@"[^.$\[\]]+(?![^\[]*\])|\[\d+\]")]
    private static partial Regex Segment();
}
