using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>One of a vector, a vector a token, or a sparse vector.</summary>
[JsonConverter(typeof(Writer))]
internal sealed record QdrantVector(float[]? Dense = null, TokenVectors? Multi = null, SparseVector? Sparse = null)
{
    internal sealed class Writer : JsonConverter<QdrantVector>
    {
        public override QdrantVector Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, QdrantVector value, JsonSerializerOptions options)
        {
            switch (value)
            {
                case { Dense: { } dense }:
                    Numbers(writer, dense);
                    break;
                case { Multi: { } multi }:
                    writer.WriteStartArray();
                    for (int i = 0; i < multi.Values.Length; i += multi.Dimensions)
                    {
                        Numbers(writer, multi.Values.AsSpan(i, multi.Dimensions));
                    }
                    writer.WriteEndArray();
                    break;
                default:
                    Sparse(writer, value.Sparse!);
                    break;
            }
        }

        private static void Sparse(Utf8JsonWriter writer, SparseVector vector)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("indices");
            foreach (int index in vector.Indices)
            {
                writer.WriteNumberValue(index);
            }
            writer.WriteEndArray();
            writer.WritePropertyName("values");
            Numbers(writer, [.. vector.Values]);
            writer.WriteEndObject();
        }

        /// <summary>With a point or an exponent, always: two sub-vectors of whole numbers would be read as a sparse vector.</summary>
        private static void Numbers(Utf8JsonWriter writer, ReadOnlySpan<float> numbers)
        {
            writer.WriteStartArray();
            foreach (float number in numbers)
            {
                string text = number.ToString("R", CultureInfo.InvariantCulture);
                writer.WriteRawValue(text.AsSpan().ContainsAny(".E") ? text : text + ".0", skipInputValidation: true);
            }
            writer.WriteEndArray();
        }
    }
}
