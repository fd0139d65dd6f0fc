namespace Retrieval.Tokenization;

/// <summary>A token that is found as a whole in the text before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Left out by decode when asked for, and plain text when asked for.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial)
{
    /// <summary>Found only where no word character is beside it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it.</summary>
    public bool StripLeft { get; init; }

    /// <summary>Takes the white space after it.</summary>
    public bool StripRight { get; init; }

    /// <summary>Sought in the normalized text, and by its normalized spelling.</summary>
    public bool IsNormalized { get; init; }
}

/// <summary>
/// The added tokens: those sought in the raw text first, then, in what is left, normalized piece by piece, the others. Leftmost and longest; a match that
/// <see cref="AddedToken.SingleWord"/> rejects is not tried shorter.
/// </summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<int, AddedToken> _byId;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _decoded = [];
    private readonly HashSet<string> _special;
    private readonly TokenTrie? _raw, _normalized;

    /// <param name="tokens">In the order of the file; of two with one text the later counts.</param>
    /// <param name="normalize">The file's normalizer.</param>
    public AddedTokens(IReadOnlyList<AddedToken> tokens, Func<string, string> normalize)
    {
        _ids = tokens.GroupBy(t => t.Content, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Id, StringComparer.Ordinal);
        _byId = tokens.GroupBy(t => t.Id).ToDictionary(g => g.Key, g => g.Last());
        _special = tokens.Where(t => t.IsSpecial).Select(t => t.Content).ToHashSet(StringComparer.Ordinal);
        foreach (AddedToken token in _byId.Values)
        {
            _decoded[token.Id] = token.IsNormalized ? normalize(token.Content) : token.Content;
        }
        _raw = Trie(_byId.Values.Where(t => !t.IsNormalized));
        _normalized = Trie(_byId.Values.Where(t => t.IsNormalized));
    }

    /// <summary>The tokens with their ids.</summary>
    public IReadOnlyDictionary<string, int> Ids => _ids;

    public AddedToken? this[int id] => _byId.GetValueOrDefault(id);

    /// <summary>What decoding starts from: the normalized spelling of a token that is sought in normalized text (version 0.23 of the reference does so).</summary>
    public string? Decoded(int id) => _decoded.GetValueOrDefault(id);

    /// <summary>Whether decoding leaves a spelling out. One that the normalizer changes is not known by it, as in the reference.</summary>
    public bool IsSpecial(string decoded) => _special.Contains(decoded);

    /// <summary>Finds the tokens that are sought in the raw text.</summary>
    public void SplitRaw(Work work, bool specialsAreText) => Split(_raw, work, specialsAreText);

    /// <summary>Finds the tokens that are sought in the normalized text.</summary>
    public void SplitNormalized(Work work, bool specialsAreText) => Split(_normalized, work, specialsAreText);

    private TokenTrie? Trie(IEnumerable<AddedToken> tokens)
    {
        AddedToken[] all = [.. tokens];
        return all.Length == 0 ? null : new TokenTrie(all.Select(t => (_decoded[t.Id], t.Id)));
    }

    private void Split(TokenTrie? trie, Work work, bool specialsAreText)
    {
        ReadOnlySpan<char> text = work.Text.Text;
        if (trie is null || !trie.MayOccur(text))
        {
            return;
        }
        PieceList pieces = work.Pieces, next = work.NextPieces();
        for (int i = 0; i < pieces.Count; i++)
        {
            (int start, int end) = (pieces.Starts[i], pieces.Ends[i]);
            if (pieces.Tokens[i] >= 0)
            {
                next.Add(start, end, pieces.Tokens[i]);
            }
            else
            {
                Split(trie, text[start..end], start, next, specialsAreText);
            }
        }
        work.TakePieces();
    }

    private void Split(TokenTrie trie, ReadOnlySpan<char> text, int origin, PieceList pieces, bool specialsAreText)
    {
        int done = 0;
        for (int from = 0; trie.Find(text, from, out int start, out int end, out int id); from = end)
        {
            AddedToken token = _byId[id];
            if ((specialsAreText && token.IsSpecial) || (token.SingleWord && !IsAlone(text, start, end)))
            {
                continue;
            }
            // White space that the token before has swallowed is its own.
            (int first, int last) = (token.StripLeft ? Math.Max(WhiteBefore(text, start), done) : start, token.StripRight ? WhiteAfter(text, end) : end);
            pieces.Add(origin + done, origin + first);
            pieces.Add(origin + first, origin + last, id);
            done = last;
        }
        pieces.Add(origin + done, origin + text.Length);
    }

    private static bool IsAlone(ReadOnlySpan<char> text, int start, int end) =>
        (start == 0 || !Characters.Word.Contains(Characters.Before(text, start, out _))) && (end == text.Length || !Characters.Word.Contains(Characters.At(text, end, out _)));

    // All white space is in the basic plane.
    private static int WhiteBefore(ReadOnlySpan<char> text, int index)
    {
        while (index > 0 && Characters.White.Contains(text[index - 1]))
        {
            index--;
        }
        return index;
    }

    private static int WhiteAfter(ReadOnlySpan<char> text, int index)
    {
        while (index < text.Length && Characters.White.Contains(text[index]))
        {
            index++;
        }
        return index;
    }
}
