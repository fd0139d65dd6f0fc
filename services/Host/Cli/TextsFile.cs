using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>A file of texts: one a line, or in lines of JSON the field text, behind title where there is one.</summary>
internal static class TextsFile
{
    /// <summary>The texts without blank ones and repetitions, in order.</summary>
    /// <exception cref="RetrievalException">The file cannot be read, or a line has no text.</exception>
    public static IReadOnlyList<string> Read(string path, string option = "--texts")
    {
        try
        {
            bool json = Path.GetExtension(path) is ".jsonl" or ".ndjson";
            return [.. File.ReadLines(path).Select((line, i) => json && line.Length > 0 ? Text((path, option), i + 1, line) : line).Where(t => !string.IsNullOrWhiteSpace(t)).Distinct()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{path} cannot be read: {e.Message}", option, path, help: "Give a file with one text a line, or NDJSON with a field text.", inner: e);
        }
    }

    private static string Text((string Path, string Option) file, int line, string json)
    {
        try
        {
            using JsonDocument row = JsonDocument.Parse(json);
            string? title = row.RootElement.TryGetProperty("title", out JsonElement named) ? named.GetString() : null;
            return VectorSpace.Join(title, row.RootElement.GetProperty("text").GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Line {line} of {file.Path} is no JSON object with a text in 'text'.", file.Option, $"line {line}", help: "Give NDJSON such as {\"text\": \"...\"}, or a .txt file with one text a line.", inner: e);
        }
    }
}
