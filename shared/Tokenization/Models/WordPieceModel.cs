namespace Retrieval.Tokenization;

/// <summary>
/// Greedy longest match first over word beginnings and continuations, all or nothing (Schuster and Nakajima 2012). A word that is a token is found by one look-up;
/// any other takes time in its length: a trie with failure links (Song et al. 2021, "Fast WordPiece Tokenization", algorithms 1 and 2), here with a root for beginnings
/// and one for continuations instead of a node for the prefix, so that a prefix that stands in the text, and an empty one, need no special case.
/// </summary>
internal sealed class WordPieceModel : Model
{
    private const int Beginning = 0, Continuation = 1, None = -1;

    private readonly TokenTable _tokens;
    private readonly HashTrie _trie = new(2);
    private readonly PieceCache _cache = new();
    private readonly string _unknownToken;
    private readonly int _unknown, _mostCharacters, _prefixLength;

    // Per node: where to go on when there is no edge, and the tokens that are put out by going there (a part of _pops).
    private readonly int[] _failure, _popStart, _popEnd;
    private readonly int[] _pops;

    private WordPieceModel(TokenTable tokens, string unknownToken, string prefix, int mostCharacters)
    {
        (_tokens, _unknownToken, _mostCharacters, _prefixLength) = (tokens, unknownToken, mostCharacters, prefix.Length);
        _unknown = tokens.Find(unknownToken);
        for (int id = 0; id < tokens.Limit; id++)
        {
            if (tokens.Has(id) && tokens.Length(id) > 0)
            {
                _trie.Add(Beginning, tokens[id], id);
                if (tokens[id].StartsWith(prefix, StringComparison.Ordinal) && tokens.Length(id) > prefix.Length)
                {
                    _trie.Add(Continuation, tokens[id][prefix.Length..], id);
                }
            }
        }
        (_failure, _popStart, _popEnd) = (new int[_trie.Nodes], new int[_trie.Nodes], new int[_trie.Nodes]);
        _pops = Link();
    }

    public static WordPieceModel Read(JsonNodeReader node, IReadOnlySet<int> elsewhere)
    {
        JsonNodeReader most = node["max_input_chars_per_word"];
        return new WordPieceModel(
            VocabularyFile.ReadIds(node["vocab"], elsewhere),
            node["unk_token"].IsNull ? "[UNK]" : node["unk_token"].String(),
            node["continuing_subword_prefix"].IsNull ? "##" : node["continuing_subword_prefix"].String(),
            most.IsNull ? 100 : most.Integer() >= 0 ? most.Integer() : throw most.Wrong("expected a number of characters"));
    }

    public override int VocabularySize => _tokens.Count;

    public override int? TokenToId(ReadOnlySpan<char> token) => _tokens.Find(token) is >= 0 and int id ? id : null;

    public override string? IdToToken(int id) => _tokens.Show(id);

    public override void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        WordKey key = WordKey.Of(piece);
        if (piece.Length > _mostCharacters && Characters(piece) > _mostCharacters)
        {
            PutUnknown(piece, origin, sink);
        }
        else if (_tokens.Find(piece, key, out _) is >= 0 and int id)
        {
            sink.Add(id, origin, piece.Length);
        }
        else if (!_cache.TryTake(key, origin, sink))
        {
            int first = sink.Count;
            Match(piece, origin, sink);
            _cache.Put(key, origin, sink, first);
        }
    }

    private void Match(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        int first = sink.Count, node = Beginning, end = origin;
        foreach (char unit in piece)
        {
            int child;
            while ((child = _trie.Step(node, unit, out _)) < 0)
            {
                if (_failure[node] == None)
                {
                    sink.CutAt(first);
                    PutUnknown(piece, origin, sink);
                    return;
                }
                Pop(node, origin, ref end, sink);
                node = _failure[node];
            }
            node = child;
        }
        // What is left has to come out as well: down to the root of continuations, where nothing is.
        while (node != Continuation)
        {
            if (_failure[node] == None)
            {
                sink.CutAt(first);
                PutUnknown(piece, origin, sink);
                return;
            }
            Pop(node, origin, ref end, sink);
            node = _failure[node];
        }
    }

    private void Pop(int node, int origin, ref int end, TokenBuffer sink)
    {
        for (int i = _popStart[node]; i < _popEnd[node]; i++)
        {
            int id = _pops[i], length = _tokens.Length(id) - (end == origin ? 0 : _prefixLength);
            sink.Add(id, end, length);
            end += length;
        }
    }

    private void PutUnknown(ReadOnlySpan<char> piece, int origin, TokenBuffer sink) =>
        sink.Add(_unknown >= 0 ? _unknown : throw new TokenizationException($"'{piece}' has no tokens, and the unknown token '{_unknownToken}' is not in the vocabulary. Add it to the vocabulary."), origin, piece.Length);

    /// <summary>Failure links and what they put out, from the roots down; returns the tokens put out.</summary>
    private int[] Link()
    {
        (int Parent, char Unit, bool IsToken)[] into = new (int, char, bool)[_trie.Nodes];
        _trie.ForEachEdge((parent, unit, child, isToken) => into[child] = (parent, unit, isToken));
        List<int> pops = [], found = [];
        (_failure[Beginning], _failure[Continuation]) = (None, None);
        foreach (int node in ByDepth(into))
        {
            (int parent, char unit, bool isToken) = into[node];
            found.Clear();
            if (isToken)
            {
                found.Add(_trie.Id(node));
                _failure[node] = Continuation;
            }
            else
            {
                _failure[node] = Follow(parent, unit, pops, found);
            }
            _popStart[node] = pops.Count;
            pops.AddRange(_failure[node] == None ? [] : found);
            _popEnd[node] = pops.Count;
        }
        return [.. pops];
    }

    private int Follow(int parent, char unit, List<int> pops, List<int> found)
    {
        for (int node = parent; _failure[node] != None;)
        {
            found.AddRange(pops[_popStart[node].._popEnd[node]]);
            node = _failure[node];
            if (_trie.Step(node, unit, out _) is >= 0 and int child)
            {
                return child;
            }
        }
        return None;
    }

    /// <summary>Nodes except the roots, the less deep ones first. A child has a higher number than its parent.</summary>
    private static int[] ByDepth((int Parent, char Unit, bool IsToken)[] into)
    {
        int[] depths = new int[into.Length], nodes = new int[Math.Max(0, into.Length - 2)];
        for (int node = 2; node < into.Length; node++)
        {
            depths[node] = depths[into[node].Parent] + 1;
        }
        // How many nodes are less deep is where those of a depth begin.
        int[] next = new int[depths.Max() + 2];
        for (int node = 2; node < into.Length; node++)
        {
            next[depths[node] + 1]++;
        }
        for (int depth = 1; depth < next.Length; depth++)
        {
            next[depth] += next[depth - 1];
        }
        for (int node = 2; node < into.Length; node++)
        {
            nodes[next[depths[node]]++] = node;
        }
        return nodes;
    }

    private static int Characters(ReadOnlySpan<char> piece)
    {
        int characters = 0;
        foreach (char unit in piece)
        {
            characters += char.IsLowSurrogate(unit) ? 0 : 1;
        }
        return characters;
    }
}
