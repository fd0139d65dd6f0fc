namespace Retrieval.Tokenization;

/// <summary>Finds the file of a tokenizer.</summary>
internal static class TokenizerFiles
{
    public static Tokenizer Load(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, "tokenizer.json") : path;
        return TokenizerReader.Parse(Read(file), file);
    }

    private static byte[] Read(string file)
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
}
