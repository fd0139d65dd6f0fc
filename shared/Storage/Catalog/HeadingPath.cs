using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>The headings above a chunk as a column holds them: a JSON list, null for none.</summary>
internal static class HeadingPath
{
    public static string? Write(IReadOnlyList<string>? headings) => headings is null or [] ? null : JsonSerializer.Serialize(headings, WireJson.Lenient.IReadOnlyListString);

    public static IReadOnlyList<string>? Read(string? column) => column is null ? null : JsonSerializer.Deserialize(column, WireJson.Lenient.IReadOnlyListString);
}
