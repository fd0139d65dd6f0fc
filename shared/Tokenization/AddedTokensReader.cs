namespace Retrieval.Tokenization;

/// <summary>The added_tokens of the file.</summary>
internal static class AddedTokensReader
{
    /// <summary>The ids that added tokens have: holes that a vocabulary may leave.</summary>
    public static IReadOnlySet<int> Ids(JsonNodeReader node) => node.IsNull ? new HashSet<int>() : node.Items().Select(t => t["id"].Integer()).ToHashSet();

    public static AddedTokens Read(JsonNodeReader node, Model model, Normalizer? normalizer)
    {
        List<AddedToken> tokens = [];
        if (!node.IsNull)
        {
            Dictionary<int, string> texts = [];
            Dictionary<string, int> ids = new(StringComparer.Ordinal);
            foreach (JsonNodeReader item in node.Items())
            {
                AddedToken token = Token(item);
                Check(item, token, model, texts, ids);
                if (token.Content.Length > 0)
                {
                    tokens.Add(token);
                }
            }
        }
        return new AddedTokens(tokens, text => Pipeline.Normalize(normalizer, text));
    }

    private static AddedToken Token(JsonNodeReader item) => new(item["id"].Integer(), item["content"].String(), item.Boolean("special", false))
    {
        SingleWord = item.Boolean("single_word", false),
        StripLeft = item.Boolean("lstrip", false),
        StripRight = item.Boolean("rstrip", false),
        IsNormalized = item.Boolean("normalized", !item.Boolean("special", false)),
    };

    // The reference gives an added token the id that the vocabulary or the order of the file gives it, whatever the file says; a file that says otherwise is refused.
    private static void Check(JsonNodeReader item, AddedToken token, Model model, Dictionary<int, string> texts, Dictionary<string, int> ids)
    {
        if (token.Id < 0)
        {
            throw item.Wrong($"expected an id from 0 for '{token.Content}'");
        }
        if ((model.TokenToId(token.Content) ?? (ids.TryGetValue(token.Content, out int earlier) ? earlier : token.Id)) is var known && known != token.Id)
        {
            throw item.Wrong($"token '{token.Content}' already has id {known}");
        }
        if ((model.IdToToken(token.Id) ?? texts.GetValueOrDefault(token.Id)) is { } other && other != token.Content)
        {
            throw item.Wrong($"id {token.Id} already stands for '{other}'");
        }
        (texts[token.Id], ids[token.Content]) = (token.Content, token.Id);
    }
}
