namespace Retrieval.Tokenization;

/// <summary>Tokens that are found in the raw text before anything else, leftmost and longest first: a literal [SEP] in a text is the special token.</summary>
internal sealed class AddedTokens
{
    private readonly List<(string Content, int Id, bool Special)> _tokens = [];

    public static AddedTokens Read(JsonNodeReader node, Vocabulary vocabulary)
    {
        AddedTokens added = new();
        if (node.IsNull)
        {
            return added;
        }
        foreach (JsonNodeReader token in node.Items())
        {
            foreach (string option in new[] { "single_word", "lstrip", "rstrip", "normalized" })
            {
                if (token.Boolean(option, false))
                {
                    throw token[option].Unsupported("false");
                }
            }
            string content = token["content"].String();
            vocabulary.Add(content, token["id"].Integer(), token);
            added._tokens.Add((content, token["id"].Integer(), token.Boolean("special", false)));
        }
        return added;
    }

    public bool IsSpecial(int id) => _tokens.Exists(t => t.Id == id && t.Special);

    /// <summary>How many there are: the length of the memory that <see cref="Next"/> wants.</summary>
    public int Count => _tokens.Count;

    /// <summary>The first added token at or after an index; the longest at equal start.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="seen">Where each token was last found, so that every part of the text is searched once; all -1 at first.</param>
    public (int At, int Length, int Id)? Next(ReadOnlySpan<char> text, int from, Span<int> seen)
    {
        (int At, int Length, int Id)? best = null;
        for (int i = 0; i < _tokens.Count; i++)
        {
            (string content, int id, _) = _tokens[i];
            if (seen[i] < from)
            {
                int at = content.Length == 0 ? -1 : text[from..].IndexOf(content, StringComparison.Ordinal);
                seen[i] = at < 0 ? int.MaxValue : from + at;
            }
            if (seen[i] != int.MaxValue && (best is not { } b || seen[i] < b.At || (seen[i] == b.At && content.Length > b.Length)))
            {
                best = (seen[i], content.Length, id);
            }
        }
        return best;
    }
}
