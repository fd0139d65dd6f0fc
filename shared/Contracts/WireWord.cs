using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>An enum as its word on the wire. Numbers and lists of words, which the converter of the runtime also takes, are refused.</summary>
public sealed class WireWord<TEnum> : JsonConverter<TEnum> where TEnum : struct, Enum
{
    private static readonly Dictionary<TEnum, string> Words = Enum.GetValues<TEnum>().ToDictionary(v => v, Word);
    private static readonly Dictionary<string, TEnum> Values = Words.ToDictionary(w => w.Value, w => w.Key, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? word = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return word is not null && Values.TryGetValue(word, out TEnum value) ? value
            : throw new JsonException($"{(word is null ? "A value that is no string" : $"'{word}'")} is none of: {string.Join(", ", Values.Keys)}.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) => writer.WriteStringValue(Words[value]);

    private static string Word(TEnum value) => typeof(TEnum).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? value.ToString();
}
