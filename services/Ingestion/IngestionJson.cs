using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Ingestion;

/// <summary>Values that become metadata, and records of files.</summary>
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class IngestionJson : JsonSerializerContext;
