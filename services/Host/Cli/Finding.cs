using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Host.Cli;

/// <summary>One thing that doctor looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Status">ok, note or failed.</param>
/// <param name="Detail">What was found, or the way out.</param>
internal sealed record Finding(string Name, string Status, string Detail)
{
    public const string Ok = "ok", Note = "note", Failed = "failed";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
