namespace Retrieval.Tokenization;

/// <summary>A tokenizer file that cannot be loaded: which file, where in it, what is wrong and what would be right.</summary>
public sealed class TokenizerFormatException(string file, string path, string detail, Exception? inner = null)
    : Exception($"{file}: {(path.Length == 0 ? "" : path + ": ")}{detail}", inner)
{
    /// <summary>The file, or the name that its bytes were loaded under.</summary>
    public string File { get; } = file;

    /// <summary>JSON path of the fault; empty for the whole file.</summary>
    public string Path { get; } = path;
}
