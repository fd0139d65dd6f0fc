using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// The most probable pieces (Kudo 2018), by Viterbi's algorithm: sums of scores as doubles in the order of the text, and a later path must be strictly better, as in the
/// reference, since paths of equal score are common. Unknown characters cost ten more than the worst piece; neighbouring ones are one token.
/// </summary>
internal sealed class UnigramModel : Model
{
    private const double UnknownPenalty = 10;

    // A thread that met one huge piece must not hold on to its memory for ever.
    private const int Root = 0, None = -1, MostKept = 1 << 16;

    [ThreadStatic]
    private static Step[]? t_steps;

    private readonly TokenTable _tokens;
    private readonly double _unknownScore;
    private readonly int _unknown;
    private readonly int[] _bytes;
    private readonly HashTrie _trie = new(1);
    private readonly PieceCache _cache = new();

    // Score and id of the token that ends at a node of the trie.
    private readonly (double Score, int Id)[] _tokenAt;

    private UnigramModel(TokenTable tokens, double[] scores, int unknown, bool byteFallback)
    {
        (_tokens, _unknown) = (tokens, unknown);
        _unknownScore = scores.DefaultIfEmpty(double.PositiveInfinity).Min() - UnknownPenalty;
        _bytes = byteFallback ? [.. Enumerable.Range(0, 256).Select(b => tokens.Find($"<0x{b:X2}>"))] : [];
        for (int id = 0; id < tokens.Limit; id++)
        {
            if (tokens.Length(id) > 0)
            {
                _trie.Add(Root, tokens[id], id);
            }
        }
        _tokenAt = new (double, int)[_trie.Nodes];
        for (int node = 1; node < _trie.Nodes; node++)
        {
            _tokenAt[node] = (scores[_trie.Id(node)], _trie.Id(node));
        }
    }

    public static UnigramModel Read(JsonNodeReader node)
    {
        (TokenTable tokens, double[] scores) = VocabularyFile.ReadScores(node["vocab"]);
        JsonNodeReader unknown = node["unk_id"];
        int id = unknown.IsNull ? None : unknown.Integer();
        if (!unknown.IsNull && !tokens.Has(id))
        {
            throw unknown.Wrong($"expected a place in the vocabulary, 0 to {tokens.Limit - 1}");
        }
        return new UnigramModel(tokens, scores, id, node.Boolean("byte_fallback", false));
    }

    public override int VocabularySize => _tokens.Limit;

    public override int ShowsText => _unknown;

    public override int? TokenToId(ReadOnlySpan<char> token) => _tokens.Find(token) is >= 0 and int id ? id : null;

    public override string? IdToToken(int id) => _tokens.Show(id);

    public override void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        WordKey key = WordKey.Of(piece);
        if (_tokens.Find(piece, key, out byte known) is >= 0 and int id && (known == WholeTokens.Whole || known == WholeTokens.Unknown && IsWhole(id, piece, key)))
        {
            sink.Add(id, origin, piece.Length);
        }
        else if (!_cache.TryTake(key, origin, sink))
        {
            int first = sink.Count;
            Split(piece, origin, sink);
            _cache.Put(key, origin, sink, first);
        }
    }

    private void Split(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        Step[] steps = Search(piece);
        // From the end to the beginning; then the links are turned round, so that the tokens come out in order.
        int end = piece.Length, count = 0;
        while (end > 0)
        {
            int start = steps[end].Start;
            if (steps[end].Id == _unknown)
            {
                while (start > 0 && steps[start].Id == _unknown)
                {
                    start = steps[start].Start;
                }
            }
            (steps[count].Next, steps[count].Token) = (end, steps[end].Id);
            (end, count) = (start, count + 1);
        }
        for (int start = 0; --count >= 0; start = end)
        {
            end = steps[count].Next;
            Put(piece[start..end], origin + start, steps[count].Token, sink);
        }
    }

    private void Put(ReadOnlySpan<char> text, int start, int token, TokenBuffer sink)
    {
        // The reference looks the text of fused unknown ones up again; it may happen to be a token.
        int id = token == _unknown ? _tokens.Find(text) : token;
        if (id >= 0 || _bytes.Length == 0 || !PutBytes(text, start, sink))
        {
            sink.Add(id >= 0 ? id : _unknown, start, text.Length);
        }
    }

    /// <summary>Each byte is a token with the place of the whole text; all of them or none.</summary>
    private bool PutBytes(ReadOnlySpan<char> text, int start, TokenBuffer sink)
    {
        int first = sink.Count;
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0, length; i < text.Length; i += length)
        {
            int count = new System.Text.Rune(Characters.At(text, i, out length)).EncodeToUtf8(utf8);
            foreach (byte value in utf8[..count])
            {
                if (_bytes[value] < 0)
                {
                    sink.CutAt(first);
                    return false;
                }
                sink.Add(_bytes[value], start, text.Length);
            }
        }
        return true;
    }

    private bool IsWhole(int id, ReadOnlySpan<char> piece, WordKey key)
    {
        Step last = Search(piece)[piece.Length];
        bool isWhole = last.Start == 0 && last.Id == id;
        _tokens.Keep(id, key, isWhole ? WholeTokens.Whole : WholeTokens.Split);
        return isWhole;
    }

    /// <summary>The best path to each place of a piece.</summary>
    private Step[] Search(ReadOnlySpan<char> piece)
    {
        Step[] steps = Rent(piece.Length + 1);
        for (int start = 0, length; start < piece.Length; start += length)
        {
            double score = steps[start].Score;
            length = char.IsHighSurrogate(piece[start]) && start + 1 < piece.Length ? 2 : 1;
            bool isKnown = false;
            int node = Root;
            for (int end = start; end < piece.Length && (node = _trie.Step(node, piece[end], out bool isToken)) >= 0;)
            {
                end++;
                if (isToken)
                {
                    (double tokenScore, int id) = _tokenAt[node];
                    Offer(ref steps[end], score + tokenScore, start, id);
                    isKnown |= end == start + length;
                }
            }
            if (!isKnown && Offer(ref steps[start + length], score + _unknownScore, start, _unknown) && _unknown == None)
            {
                throw new TokenizationException($"'{piece.Slice(start, length)}' has no token, and the model has no unk_id. Set model.unk_id to the place of the unknown token.");
            }
        }
        return steps;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Offer(ref Step step, double score, int start, int id)
    {
        if (step.Start != None && !(score > step.Score))
        {
            return false;
        }
        (step.Score, step.Start, step.Id) = (score, start, id);
        return true;
    }

    private static Step[] Rent(int count)
    {
        Step[] steps = t_steps is { } mine && mine.Length >= count && mine.Length <= Math.Max(count, MostKept) ? mine : t_steps = new Step[Math.Max(count, Math.Min(2 * (t_steps?.Length ?? 128), MostKept))];
        steps[0] = new Step { Start = None };
        for (int i = 1; i < count; i++)
        {
            steps[i].Start = None;
        }
        return steps;
    }

    /// <summary>The best path to a place: its score, where its last token begins, and that token. The other two are used for turning the path round.</summary>
    private struct Step
    {
        public double Score;
        public int Start, Id, Next, Token;
    }
}
