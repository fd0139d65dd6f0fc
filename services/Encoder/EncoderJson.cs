using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>JSON of the dialects, which is snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TeiRequest))]
[JsonSerializable(typeof(TeiError))]
[JsonSerializable(typeof(float[][]))]
internal sealed partial class EncoderJson : JsonSerializerContext;
