using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Retrieval.Contracts;

/// <summary>A list of conditions, or one that stands for a list of itself. Where something is wrong inside, the path below here is kept in the exception.</summary>
public sealed class OneOrMany : JsonConverter<IReadOnlyList<Condition>>
{
    private const string Inside = "path below";

    /// <summary>The whole path of an error, those parts included that were read by this converter.</summary>
    public static string? PathOf(JsonException e) => e.Path + e.Data[Inside];

    /// <inheritdoc/>
    public override IReadOnlyList<Condition> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonTypeInfo<Condition> type = (JsonTypeInfo<Condition>)options.GetTypeInfo(typeof(Condition));
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return [One(ref reader, type, "")];
        }
        List<Condition> conditions = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            conditions.Add(One(ref reader, type, $"[{conditions.Count}]"));
        }
        return conditions;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<Condition> value, JsonSerializerOptions options)
    {
        JsonTypeInfo<Condition> type = (JsonTypeInfo<Condition>)options.GetTypeInfo(typeof(Condition));
        writer.WriteStartArray();
        foreach (Condition condition in value)
        {
            JsonSerializer.Serialize(writer, condition, type);
        }
        writer.WriteEndArray();
    }

    private static Condition One(ref Utf8JsonReader reader, JsonTypeInfo<Condition> type, string at)
    {
        try
        {
            return reader.TokenType == JsonTokenType.StartObject ? JsonSerializer.Deserialize(ref reader, type)! : throw new JsonException("A condition is an object.");
        }
        catch (JsonException e)
        {
            // Without a path of its own, so that the reader around it says where the list is.
            JsonException outer = new(e.Message, null, null, null, e);
            outer.Data[Inside] = at + (PathOf(e) ?? "").TrimStart('$');
            throw outer;
        }
    }
}
