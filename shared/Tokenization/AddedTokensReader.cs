using System.Globalization;
using System.Text;

namespace Retrieval.Tokenization;

/// <summary>The added_tokens of the file.</summary>
internal static class AddedTokensReader
{
    /// <summary>The ids that added tokens have: holes that a vocabulary may leave.</summary>
    public static IReadOnlySet<int> Ids(JsonNodeReader node, TokenizerConfig config) =>
        (node.IsNull ? [] : node.Items().Select(t => t["id"].Natural())).Concat(config.Named.Where(t => t.HasId).Select(t => t.Token.Id)).ToHashSet();

    /// <summary>The tokens, and a line for each that only the files beside tokenizer.json name.</summary>
    public static (AddedTokens Tokens, string Named) Read(JsonNodeReader node, Model model, Normalizer? normalizer, TokenizerConfig config)
    {
        List<AddedToken> tokens = [];
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        StringBuilder named = new();
        // Whatever id the file gives, the reference takes that of the vocabulary, or the next free one.
        int next = model.VocabularySize;
        foreach (JsonNodeReader item in node.IsNull ? [] : node.Items())
        {
            Add(item, Token(item), hasId: true);
        }
        foreach (NamedToken token in config.Named.OrderBy(t => t.HasId ? t.Token.Id : int.MaxValue).Where(t => t.Token.Content.Length > 0 && !ids.ContainsKey(t.Token.Content)))
        {
            Add(token.At, token.Token, token.HasId);
            named.Append(CultureInfo.InvariantCulture, $"\n{tokens[^1]}");
        }
        AddedTokens added = new(tokens, text => Pipeline.Normalize(normalizer, text));
        if (tokens.DistinctBy(t => t.Id).Where(t => t.IsNormalized).GroupBy(t => added.Decoded(t.Id)).FirstOrDefault(g => g.Count() > 1) is { } same)
        {
            throw node.Unsupported("added tokens that differ after normalization", string.Join(", ", same.Select(t => t.Content)));
        }
        return (added, named.ToString());

        void Add(JsonNodeReader at, AddedToken token, bool hasId)
        {
            if (token.Content.Length == 0)
            {
                return;
            }
            int id = model.TokenToId(token.Content) ?? (ids.TryGetValue(token.Content, out int known) ? known : next++);
            if (hasId && model.TokenToId(token.Content) is null && id != token.Id)
            {
                throw at.Wrong($"expected id {id} for '{token.Content}', the next after those before it, since the reference gives it that one whatever the file says");
            }
            ids[token.Content] = id;
            tokens.Add(token with { Id = id });
        }
    }

    private static AddedToken Token(JsonNodeReader item) => new(item["id"].Natural(), item["content"].String(), item.Boolean("special", false))
    {
        SingleWord = item.Boolean("single_word", false),
        StripLeft = item.Boolean("lstrip", false),
        StripRight = item.Boolean("rstrip", false),
        IsNormalized = item.Boolean("normalized", !item.Boolean("special", false)),
    };
}
