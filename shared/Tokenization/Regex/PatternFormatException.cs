namespace Retrieval.Tokenization;

/// <summary>A regular expression that is wrong, or asks for what this engine does not have: the pattern, the place in it, and what is the matter.</summary>
public sealed class PatternFormatException(string pattern, int position, string detail) : Exception($"regular expression {pattern}: at character {position}: {detail}")
{
    /// <summary>The whole pattern.</summary>
    public string Pattern { get; } = pattern;

    /// <summary>UTF-16 index of the fault in the pattern.</summary>
    public int Position { get; } = position;
}
