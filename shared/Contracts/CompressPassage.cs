using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>A passage to compress: on the wire a text, or an object with id and text.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Id">Comes back in its citations.</param>
[JsonConverter(typeof(PassageOrText))]
public sealed record CompressPassage(string Text, string? Id = null);

/// <summary>Reads both forms of a passage.</summary>
public sealed class PassageOrText : JsonConverter<CompressPassage>
{
    /// <inheritdoc/>
    public override CompressPassage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new CompressPassage(reader.GetString()!);
        }
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A passage is a text, or an object {\"id\", \"text\"}.");
        }
        string? text = null, id = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "text")
            {
                text = Value(ref reader, name);
            }
            else if (name == "id")
            {
                id = Value(ref reader, name);
            }
            else
            {
                throw new JsonException($"A passage has no field '{name}'; it has id and text.");
            }
        }
        return new CompressPassage(text ?? throw new JsonException("A passage has no text."), id);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, CompressPassage value, JsonSerializerOptions options)
    {
        if (value.Id is null)
        {
            writer.WriteStringValue(value.Text);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("id", value.Id);
        writer.WriteString("text", value.Text);
        writer.WriteEndObject();
    }

    private static string Value(ref Utf8JsonReader reader, string name) => reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException($"The {name} of a passage is a text.");
}
