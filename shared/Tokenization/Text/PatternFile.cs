namespace Retrieval.Tokenization;

/// <summary>A pattern of the file: {"String": …} or {"Regex": …}.</summary>
internal static class PatternFile
{
    public static TextPattern Read(JsonNodeReader node)
    {
        if (!node["String"].IsNull)
        {
            return node["String"].String() is { Length: > 0 } text ? new StringPattern(text) : throw node["String"].Unsupported("a text that is not empty");
        }
        return node["Regex"].IsNull ? throw node.Wrong("expected String or Regex") : Regex(node["Regex"].String(), node["Regex"]);
    }

    /// <param name="expression">In the syntax of Oniguruma.</param>
    /// <param name="at">What to name when it is not understood.</param>
    public static TextPattern Regex(string expression, JsonNodeReader at)
    {
        try
        {
            return (TextPattern?)SplitScanner.Find(expression) ?? RegexPattern.Parse(expression);
        }
        catch (PatternFormatException e)
        {
            throw new TokenizerFormatException(at.File, at.Path, e.Message, e);
        }
    }
}
