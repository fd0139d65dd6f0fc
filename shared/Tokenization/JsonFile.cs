using System.Text.Json;
using System.Text.Unicode;

namespace Retrieval.Tokenization;

/// <summary>JSON files, with complaints that name the file.</summary>
internal static class JsonFile
{
    /// <summary>A file of a folder; a node of nothing when it is not there.</summary>
    public static JsonNodeReader Optional(string folder, string name)
    {
        string file = Path.Combine(folder, name);
        return File.Exists(file) ? Parse(Read(file), file) : new JsonNodeReader(file, "", default);
    }

    public static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerFormatException(file, "", $"cannot be read: {e.Message}", e);
        }
    }

    /// <param name="json">The bytes of a file.</param>
    /// <param name="name">Stands for the file in messages.</param>
    public static JsonNodeReader Parse(byte[] json, string name)
    {
        if (!Utf8.IsValid(json))
        {
            throw new TokenizerFormatException(name, "", "is not UTF-8. Fetch the file again.");
        }
        try
        {
            return new JsonNodeReader(name, "", JsonDocument.Parse(json).RootElement);
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException(name, "", $"is not whole JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}). Fetch the file again.", e);
        }
    }
}
