namespace Retrieval.Tokenization;

/// <summary>Greedy longest match first over a vocabulary of word beginnings and continuations (Schuster and Nakajima 2012, as in BERT).</summary>
internal sealed class WordPiece
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _beginnings, _continuations;
    private readonly int _longest;

    private WordPiece(Vocabulary vocabulary, string prefix, int unknown, int maxCharacters)
    {
        Dictionary<string, int> beginnings = new(StringComparer.Ordinal), continuations = new(StringComparer.Ordinal);
        foreach ((string token, int id) in vocabulary.Tokens)
        {
            beginnings[token] = id;
            if (token.StartsWith(prefix, StringComparison.Ordinal) && token.Length > prefix.Length)
            {
                continuations[token[prefix.Length..]] = id;
            }
            _longest = Math.Max(_longest, token.Length);
        }
        (_beginnings, _continuations) = (beginnings.GetAlternateLookup<ReadOnlySpan<char>>(), continuations.GetAlternateLookup<ReadOnlySpan<char>>());
        (Prefix, Unknown, MaxCharacters) = (prefix, unknown, maxCharacters);
    }

    public static WordPiece Read(JsonNodeReader node, Vocabulary vocabulary)
    {
        string unknown = node["unk_token"].IsNull ? "[UNK]" : node["unk_token"].String();
        int id = vocabulary.Id(unknown) ?? throw node["unk_token"].Wrong($"expected a token of the vocabulary");
        string prefix = node["continuing_subword_prefix"].IsNull ? "##" : node["continuing_subword_prefix"].String();
        if (prefix.Length == 0)
        {
            throw node["continuing_subword_prefix"].Unsupported("a prefix that is not empty");
        }
        JsonNodeReader most = node["max_input_chars_per_word"];
        return new WordPiece(vocabulary, prefix, id, most.IsNull ? 100 : most.Integer() >= 0 ? most.Integer() : throw most.Wrong("expected a number of characters"));
    }

    /// <summary>What marks a continuation.</summary>
    public string Prefix { get; }

    /// <summary>Id of the unknown token.</summary>
    public int Unknown { get; }

    /// <summary>A longer word is unknown as a whole.</summary>
    public int MaxCharacters { get; }

    /// <summary>The pieces of one word; all or nothing.</summary>
    public void Split<TSink>(WordBuffer word, ref TSink sink) where TSink : struct, ITokenSink
    {
        ReadOnlySpan<char> text = word.Text;
        Span<(int Id, int Start, int End)> pieces = text.Length <= 128 ? stackalloc (int, int, int)[text.Length] : new (int, int, int)[text.Length];
        int count = 0;
        bool known = word.CodePoints <= MaxCharacters;
        for (int start = 0; known && start < text.Length;)
        {
            known = Longest(text, start, out int id, out int end);
            pieces[count++] = (id, start, end);
            start = end;
        }
        if (!known)
        {
            sink.Add(Unknown, word.Start, word.End);
            return;
        }
        foreach ((int id, int start, int end) in pieces[..count])
        {
            sink.Add(id, word.SourceStart(start), word.SourceEnd(end - 1));
        }
    }

    private bool Longest(ReadOnlySpan<char> text, int start, out int id, out int end)
    {
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> pieces = start == 0 ? _beginnings : _continuations;
        for (end = Math.Min(text.Length, start + _longest); end > start; end--)
        {
            if (pieces.TryGetValue(text[start..end], out id))
            {
                return true;
            }
        }
        id = Unknown;
        return false;
    }
}
