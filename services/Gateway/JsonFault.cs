using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Retrieval.Contracts;

namespace Retrieval.Gateway;

/// <summary>What is wrong with a JSON body, in the words of the one who sent it: which field, what it is and what it should be.</summary>
internal static partial class JsonFault
{
    private const int MostShown = 40;
    private const string AString = "a string";

    /// <summary>The error for a body that could not be read as a type.</summary>
    public static RetrievalException Of<T>(JsonException e, ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        string path = (e.Path ?? "$").TrimStart('$', '.');
        if (UnknownField().Match(e.Message) is { Success: true } unknown)
        {
            string known = Fields(At(type, Parent(path)) ?? type);
            return new RetrievalException(ErrorKind.Invalid, $"Unknown field '{path}'.", path, unknown.Groups["name"].Value, known, $"Known here: {known}. Remove the field or correct its name.", e);
        }
        if (!System.Text.Unicode.Utf8.IsValid(json))
        {
            return new RetrievalException(ErrorKind.Invalid, "The body is not valid UTF-8.", "body", limit: "JSON in UTF-8", help: "Send the JSON as UTF-8.", inner: e);
        }
        string field = path.Length == 0 ? "body" : path;
        if (Token(json, e) is not { } token)
        {
            return new RetrievalException(ErrorKind.Invalid, $"The JSON ends or breaks off at line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}.", field,
                limit: "one whole JSON object", help: "Check quotes, commas and brackets.", inner: e);
        }
        string expected = Expected(At(type, path));
        if (expected == AString && (token == AString || token[0] == '"')) // a string, but not one of Unicode
        {
            return HalfSurrogate(e, path);
        }
        return new RetrievalException(ErrorKind.Invalid, $"'{field}' is {token}, which is not possible.", field, token, expected, $"Send {expected}.", e);
    }

    /// <summary>JSON can escape half of a surrogate pair, which is no text.</summary>
    public static RetrievalException HalfSurrogate(Exception e, string field) => new(ErrorKind.Invalid, "A string of the body is not valid Unicode: it has half of a surrogate pair.",
        field.Length == 0 ? "body" : field, limit: "valid Unicode", help: "Escape characters above U+FFFF as two \\u escapes, or send them as UTF-8.", inner: e);

    /// <summary>The names that an object may have.</summary>
    public static string Fields(JsonTypeInfo type) => string.Join(", ", type.Properties.Select(p => p.Name));

    /// <summary>The type at a path such as <c>filter.must[0].match</c>; null where anything goes.</summary>
    private static JsonTypeInfo? At(JsonTypeInfo type, string path)
    {
        JsonTypeInfo? at = type;
        foreach (System.Text.RegularExpressions.Match step in Step().Matches(path))
        {
            Type? next = step.Value[0] == '[' ? at.ElementType : at.Properties.FirstOrDefault(p => p.Name == step.Value)?.PropertyType;
            if (next is null)
            {
                return null;
            }
            at = type.Options.GetTypeInfo(Nullable.GetUnderlyingType(next) ?? next);
        }
        return at;
    }

    private static string Parent(string path) => path.LastIndexOf('.') is > 0 and int dot ? path[..dot] : "";

    private static string Expected(JsonTypeInfo? type) => type switch
    {
        null => "another value",
        { Type.IsEnum: true } => string.Join(", ", Enum.GetValuesAsUnderlyingType(type.Type).Cast<object>().Select(v => JsonSerializer.Serialize(Enum.ToObject(type.Type, v), type).Trim('"'))),
        { Kind: JsonTypeInfoKind.Enumerable } => "a list",
        { Kind: JsonTypeInfoKind.Object } => $"an object of {Fields(type)}",
        { Kind: JsonTypeInfoKind.Dictionary } => "an object",
        _ when type.Type == typeof(string) => AString,
        _ when type.Type == typeof(bool) => "true or false",
        _ when type.Type == typeof(int) || type.Type == typeof(long) => $"an integer of {(type.Type == typeof(int) ? 32 : 64)} bits",
        _ => "a number",
    };

    /// <summary>What stands where reading stopped; null when the JSON itself is broken. Strings are shown only when they are short words.</summary>
    private static string? Token(ReadOnlySpan<byte> json, JsonException e)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            string? last = null;
            while (reader.Read())
            {
                last ??= reader.TokenStartIndex >= 0 && Passed(json, reader.BytesConsumed, e) ? Shown(reader) : null;
            }
            return last ?? "something else";
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool Passed(ReadOnlySpan<byte> json, long consumed, JsonException e)
    {
        ReadOnlySpan<byte> read = json[..(int)consumed];
        int line = read.Count((byte)'\n');
        return line > e.LineNumber || (line == e.LineNumber && consumed - 1 - read.LastIndexOf((byte)'\n') >= e.BytePositionInLine);
    }

    private static string Shown(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => reader.ValueSpan.Length <= MostShown && !reader.ValueSpan.Contains((byte)' ') ? $"\"{System.Text.Encoding.UTF8.GetString(reader.ValueSpan)}\"" : AString,
        _ => reader.ValueSpan.Length <= MostShown ? System.Text.Encoding.UTF8.GetString(reader.ValueSpan) : "a long number",
    };

    [GeneratedRegex("JSON property '(?<name>[^']*)' could not be mapped")]
    private static partial Regex UnknownField();

    [GeneratedRegex(@"\[\d+\]|[^.\[\]]+")]
    private static partial Regex Step();
}
