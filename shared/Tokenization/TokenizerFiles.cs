namespace Retrieval.Tokenization;

/// <summary>
/// Finds the files of a tokenizer. A file stands for itself; a folder's tokenizer_config.json and special_tokens_map.json count as well where tokenizer.json is
/// silent, as they do for the reference's users.
/// </summary>
internal static class TokenizerFiles
{
    public static Tokenizer Load(string path)
    {
        if (!Directory.Exists(path))
        {
            return Path.GetFileName(path) == "vocab.txt" ? Vocabulary(path, new TokenizerConfig()) : TokenizerReader.Parse(JsonFile.Read(path), path, new TokenizerConfig());
        }
        string json = Path.Combine(path, "tokenizer.json"), vocabulary = Path.Combine(path, "vocab.txt");
        TokenizerConfig config = TokenizerConfig.Read(path);
        return !File.Exists(json) && File.Exists(vocabulary) ? Vocabulary(vocabulary, config) : TokenizerReader.Parse(JsonFile.Read(json), json, config);
    }

    private static Tokenizer Vocabulary(string file, TokenizerConfig config) => TokenizerReader.Parse(VocabularyText.ToTokenizerJson(JsonFile.Read(file), file, config), file, config);
}
