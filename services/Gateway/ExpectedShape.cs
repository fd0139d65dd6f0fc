using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Retrieval.Gateway;

/// <summary>What a request's type wants at a path, in words for the caller.</summary>
internal static partial class ExpectedShape
{
    /// <summary>Null when the path leaves the type.</summary>
    public static string? At(JsonTypeInfo type, string? path)
    {
        JsonTypeInfo? at = type;
        foreach (Match segment in Segment().Matches(path ?? ""))
        {
            Type? next = segment.Value[0] == '[' ? at.ElementType : at.Properties.FirstOrDefault(p => p.Name == segment.Value)?.PropertyType;
            if (next is null || !at.Options.TryGetTypeInfo(next, out at))
            {
                return null;
            }
        }
        return Words(at);
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
            _ when bare == typeof(int) || bare == typeof(long) => $"an integer of {(bare == typeof(int) ? 32 : 64)} bits",
            _ when bare.IsEnum => string.Join(", ", Enum.GetValues(bare).Cast<object>().Select(value => JsonSerializer.Serialize(value, type.Options.GetTypeInfo(bare)).Trim('"'))),
            _ => null,
        };
    }

    [GeneratedRegex(@"[^.$\[\]]+(?![^\[]*\])|\[\d+\]")]
    private static partial Regex Segment();
}
