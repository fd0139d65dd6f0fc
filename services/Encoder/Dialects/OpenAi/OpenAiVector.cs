using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>A vector as it was asked for.</summary>
/// <param name="Values">Its numbers.</param>
/// <param name="AsBase64">As base64 of float32, little-endian, instead of a list.</param>
[JsonConverter(typeof(Writer))]
internal sealed record OpenAiVector(float[] Values, bool AsBase64)
{
    internal sealed class Writer : JsonConverter<OpenAiVector>
    {
        public override OpenAiVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, OpenAiVector value, JsonSerializerOptions options)
        {
            if (value.AsBase64)
            {
                writer.WriteStringValue(Base64Floats.Of(value.Values));
                return;
            }
            writer.WriteStartArray();
            foreach (float number in value.Values)
            {
                writer.WriteNumberValue(number);
            }
            writer.WriteEndArray();
        }
    }
}
