using System.Globalization;
using System.Text;

namespace Retrieval.Tokenization;

/// <summary>The added_tokens of the file.</summary>
internal static class AddedTokensReader
{
    /// <summary>The ids that added tokens have: holes that a vocabulary may leave.</summary>
    public static IReadOnlySet<int> Ids(JsonNodeReader node, TokenizerConfig config) =>
        (node.IsNull ? [] : node.Items().Select(t => t["id"].Integer())).Concat(config.Named.Where(t => t.HasId).Select(t => t.Token.Id)).ToHashSet();

    /// <summary>The tokens, and a line for each that only the files beside tokenizer.json name.</summary>
    public static (AddedTokens Tokens, string Named) Read(JsonNodeReader node, Model model, Normalizer? normalizer, TokenizerConfig config)
    {
        List<AddedToken> tokens = [];
        StringBuilder named = new();
        Dictionary<int, string> texts = [];
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        foreach (JsonNodeReader item in node.IsNull ? [] : node.Items())
        {
            Add(item, Token(item));
        }
        foreach (NamedToken token in config.Named.Where(t => t.HasId).Concat(config.Named.Where(t => !t.HasId)))
        {
            if (!ids.ContainsKey(token.Token.Content))
            {
                Add(token.At, token.HasId ? token.Token : token.Token with { Id = model.TokenToId(token.Token.Content) ?? Math.Max(model.VocabularySize, texts.Keys.DefaultIfEmpty(-1).Max() + 1) });
                named.Append(CultureInfo.InvariantCulture, $"\n{tokens[^1]}");
            }
        }
        return (new AddedTokens(tokens, text => Pipeline.Normalize(normalizer, text)), named.ToString());

        void Add(JsonNodeReader at, AddedToken token)
        {
            Check(at, token, model, texts, ids);
            if (token.Content.Length > 0)
            {
                tokens.Add(token);
            }
        }
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
