using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>JSON of the dialects, which is snake_case.</summary>
[JsonSerializable(typeof(TeiRequest))]
[JsonSerializable(typeof(TeiError))]
[JsonSerializable(typeof(float[][]))]
internal sealed partial class EncoderJson : JsonSerializerContext
{
    /// <summary>Text unescaped: it is read by people as well.</summary>
    public static EncoderJson Dialect { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
