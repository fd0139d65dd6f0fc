namespace Retrieval.Tokenization;

/// <summary>Byte-pair encoding over characters (Sennrich, Haddow and Birch 2016): the symbols of a piece, joined pair by pair in the order of the merges.</summary>
internal sealed class BpeModel : Model
{
    /// <summary>U+2581, which stands for a space in SentencePiece's vocabularies.</summary>
    public const char Space = '\u2581';

    private readonly BpeFile _file;
    private readonly CharacterIds _only, _first, _inner, _last;
    private readonly int _unknown;
    private readonly int[] _bytes;
    private readonly bool _fallsApart;

    // Made by the first word: a byte-level model over text as it is has its own, and needs of this one only the names of tokens.
    private WordIndex? _words;
    private PieceCache? _cache;

    private BpeModel(BpeFile file)
    {
        _file = file;
        TokenTable tokens = file.Tokens;
        _only = new CharacterIds(tokens, "", file.Suffix);
        _first = file.Suffix.Length == 0 ? _only : new CharacterIds(tokens, "", "");
        _inner = file.Prefix.Length == 0 ? _first : new CharacterIds(tokens, file.Prefix, "");
        _last = file.Prefix.Length == 0 ? _only : new CharacterIds(tokens, file.Prefix, file.Suffix);
        _unknown = file.Unknown is null ? -1 : tokens.Find(file.Unknown);
        _bytes = [.. Enumerable.Range(0, 256).Select(b => file.ByteFallback ? tokens.Find($"<0x{b:X2}>") : -1)];
        _fallsApart = file.FallsApart && (file.Unknown is not null || !_bytes.Contains(-1));
    }

    public static BpeModel Read(JsonNodeReader node, IReadOnlySet<int> elsewhere) => new(BpeFile.Read(node, elsewhere));

    public override int VocabularySize => _file.Tokens.Count;

    public override int? TokenToId(ReadOnlySpan<char> token) => _file.Tokens.Find(token) is >= 0 and int id ? id : null;

    public override string? IdToToken(int id) => _file.Tokens.Show(id);

    /// <summary>
    /// This model over text as it is, instead of the characters that the ByteLevel pre-tokenizer spells its bytes with; null when the vocabulary lacks some of those,
    /// or the file has a prefix or suffix for them.
    /// </summary>
    public Model? OverBytes() => ByteLevelBpeModel.Of(_file, this);

    public override void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        if (_file.IgnoreMerges && _file.Tokens.Find(piece) is >= 0 and int id)
        {
            sink.Add(id, origin, piece.Length);
        }
        else if (!_fallsApart)
        {
            Word(piece, origin, sink);
        }
        else
        {
            int start = 0;
            for (int i = 1; i < piece.Length; i++)
            {
                if (piece[i] == Space && piece[i - 1] != Space)
                {
                    Word(piece[start..i], origin + start, sink);
                    start = i;
                }
            }
            Word(piece[start..], origin + start, sink);
        }
    }

    private void Word(ReadOnlySpan<char> word, int origin, TokenBuffer sink)
    {
        WordKey key = WordKey.Of(word);
        WordIndex words = _words ??= Words(_file.Tokens, _file.Suffix);
        PieceCache cache = _cache ??= new PieceCache();
        if (words.Find(word, key, out byte known) is >= 0 and int id && (known == WholeTokens.Whole || known == WholeTokens.Unknown && IsWhole(words, id, word, key)))
        {
            sink.Add(id, origin, word.Length);
        }
        else if (!cache.TryTake(key, origin, sink))
        {
            int first = sink.Count;
            Split(word, origin, sink);
            cache.Put(key, origin, sink, first);
        }
    }

    private void Split(ReadOnlySpan<char> word, int origin, TokenBuffer sink)
    {
        if (Merge(word) is not { } symbols)
        {
            Symbols bytes = Spell(word);
            bytes.Merge(_file.Merges);
            PutBytes(bytes, word, origin, sink);
            return;
        }
        for (int i = 0, start = 0; i < symbols.Count; i++)
        {
            sink.Add(symbols.Ids[i], origin + start, symbols.Ends[i] - start);
            start = symbols.Ends[i];
        }
    }

    private bool IsWhole(WordIndex words, int id, ReadOnlySpan<char> word, WordKey key)
    {
        bool isWhole = Merge(word) is { Count: 1 } symbols && symbols.Ids[0] == id;
        words.Keep(id, key, isWhole ? WholeTokens.Whole : WholeTokens.Split);
        return isWhole;
    }

    /// <summary>The merged symbols of a word, counted in chars; null when a character is not in the vocabulary.</summary>
    private Symbols? Merge(ReadOnlySpan<char> word)
    {
        Symbols symbols = Symbols.Rent(word.Length);
        for (int i = 0, length; i < word.Length; i += length)
        {
            int codePoint = Characters.At(word, i, out length), id = At(i, i + length, word.Length).Find(codePoint);
            if (id < 0)
            {
                return null;
            }
            symbols.Add(id, i + length);
        }
        symbols.Merge(_file.Merges);
        return symbols;
    }

    /// <summary>
    /// The symbols of a word with unknown characters, counted in bytes as the reference does: what is dropped moves the places of all that follows, and an unknown
    /// character that waits to be fused comes after the bytes of the ones behind it.
    /// </summary>
    private Symbols Spell(ReadOnlySpan<char> word)
    {
        Symbols symbols = Symbols.Rent(word.Length * 3);
        Span<byte> utf8 = stackalloc byte[4];
        int end = 0, waiting = 0;
        for (int i = 0, length; i < word.Length; i += length)
        {
            int codePoint = Characters.At(word, i, out length), id = At(i, i + length, word.Length).Find(codePoint);
            ReadOnlySpan<byte> bytes = utf8[..new System.Text.Rune(codePoint).EncodeToUtf8(utf8)];
            if (id >= 0)
            {
                PutWaiting(symbols, ref end, ref waiting);
                symbols.Add(id, end += bytes.Length);
            }
            else if (_file.ByteFallback && HasAll(bytes))
            {
                foreach (byte value in bytes)
                {
                    symbols.Add(_bytes[value], ++end);
                }
            }
            else if (_file.Unknown is not null)
            {
                if (!_file.FuseUnknown)
                {
                    PutWaiting(symbols, ref end, ref waiting);
                }
                waiting += bytes.Length;
            }
        }
        PutWaiting(symbols, ref end, ref waiting);
        return symbols;
    }

    private void PutWaiting(Symbols symbols, ref int end, ref int waiting)
    {
        if (waiting > 0)
        {
            symbols.Add(_unknown >= 0 ? _unknown : throw new TokenizationException($"A text has characters without a token, and the unknown token '{_file.Unknown}' is not in the vocabulary. Add it to the vocabulary."), end += waiting);
            waiting = 0;
        }
    }

    private bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (_bytes[value] < 0)
            {
                return false;
            }
        }
        return true;
    }

    private CharacterIds At(int start, int end, int length) => start == 0 ? (end == length ? _only : _first) : end == length ? _last : _inner;

    /// <summary>Puts out symbols that are counted in bytes of UTF-8: each covers the code points of its first and its last byte.</summary>
    public static void PutBytes(Symbols symbols, ReadOnlySpan<char> word, int origin, TokenBuffer sink)
    {
        // Two walks over the same code points: to where a symbol begins, and to where it ends.
        int startChar = 0, startByte = 0, endChar = 0, endByte = 0, first = 0;
        for (int i = 0; i < symbols.Count; i++)
        {
            int end = symbols.Ends[i];
            for (int next = startByte; next <= first && startChar < word.Length;)
            {
                next = startByte + Utf8Length(word, startChar, out int length);
                if (next > first)
                {
                    break;
                }
                (startByte, startChar) = (next, startChar + length);
            }
            while (endByte < end && endChar < word.Length)
            {
                endByte += Utf8Length(word, endChar, out int length);
                endChar += length;
            }
            sink.Add(symbols.Ids[i], origin + startChar, endChar - startChar);
            first = end;
        }
    }

    private static int Utf8Length(ReadOnlySpan<char> word, int at, out int length) =>
        Characters.At(word, at, out length) switch { < 0x80 => 1, < 0x800 => 2, < 0x10000 => 3, _ => 4 };

    /// <summary>Tokens by the word that they may stand for as a whole: with the suffix taken off, and without those that are too short for it.</summary>
    private static WordIndex Words(TokenTable tokens, string suffix)
    {
        int[] starts = new int[tokens.Limit], lengths = new int[tokens.Limit];
        for (int id = 0; id < tokens.Limit; id++)
        {
            bool ends = tokens.Has(id) && tokens[id].EndsWith(suffix, StringComparison.Ordinal) && tokens.Length(id) > suffix.Length;
            (starts[id], lengths[id]) = ends ? (tokens.Start(id), tokens.Length(id) - suffix.Length) : (0, -1);
        }
        return new WordIndex(tokens.Text, starts, lengths);
    }
}
