using System.Text;
using System.Text.Unicode;

namespace Retrieval.Tokenization;

/// <summary>
/// BPE over bytes that takes text as it is: what the ByteLevel pre-tokenizer and a BPE model do one after the other, without the spelled text between them and its places.
/// A piece that is a token is found by its own text; bytes are looked at only when it falls into several.
/// </summary>
internal sealed class ByteLevelBpeModel : Model
{
    private readonly BpeFile _file;
    private readonly BpeModel _spelled;
    private readonly int[] _bytes;
    private readonly WordIndex _words;
    private readonly PieceCache _cache = new();

    private ByteLevelBpeModel(BpeFile file, BpeModel spelled, int[] bytes)
    {
        (_file, _spelled, _bytes) = (file, spelled, bytes);
        _words = Words(file.Tokens);
    }

    public static ByteLevelBpeModel? Of(BpeFile file, BpeModel spelled)
    {
        int[] bytes = [.. Enumerable.Range(0, 256).Select(b => file.Tokens.Find([ByteAlphabet.Character((byte)b)]))];
        return bytes.Contains(-1) || file.Prefix.Length + file.Suffix.Length > 0 ? null : new ByteLevelBpeModel(file, spelled, bytes);
    }

    public override int VocabularySize => _spelled.VocabularySize;

    public override int? TokenToId(ReadOnlySpan<char> token) => _spelled.TokenToId(token);

    public override string? IdToToken(int id) => _spelled.IdToToken(id);

    public override void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink)
    {
        WordKey key = WordKey.Of(piece);
        if (_words.Find(piece, key, out byte known) is >= 0 and int id && (known == WholeTokens.Whole || _file.IgnoreMerges || known == WholeTokens.Unknown && IsWhole(id, piece, key)))
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
        Symbols symbols = Merge(piece, out bool isAscii);
        if (!isAscii)
        {
            BpeModel.PutBytes(symbols, piece, origin, sink);
            return;
        }
        for (int i = 0, start = 0; i < symbols.Count; i++)
        {
            sink.Add(symbols.Ids[i], origin + start, symbols.Ends[i] - start);
            start = symbols.Ends[i];
        }
    }

    private bool IsWhole(int id, ReadOnlySpan<char> piece, WordKey key)
    {
        bool isWhole = Merge(piece, out _) is { Count: 1 } symbols && symbols.Ids[0] == id;
        _words.Keep(id, key, isWhole ? WholeTokens.Whole : WholeTokens.Split);
        return isWhole;
    }

    private Symbols Merge(ReadOnlySpan<char> piece, out bool isAscii)
    {
        Symbols symbols = Symbols.Rent(piece.Length * 3);
        isAscii = Ascii.IsValid(piece);
        if (isAscii)
        {
            for (int i = 0; i < piece.Length; i++)
            {
                symbols.Add(_bytes[piece[i]], i + 1);
            }
        }
        else
        {
            AddBytes(piece, symbols);
        }
        symbols.Merge(_file.Merges);
        return symbols;
    }

    private void AddBytes(ReadOnlySpan<char> piece, Symbols symbols)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0, length; i < piece.Length; i += length)
        {
            int count = new Rune(Characters.At(piece, i, out length)).EncodeToUtf8(utf8);
            foreach (byte value in utf8[..count])
            {
                symbols.Add(_bytes[value], symbols.Count + 1);
            }
        }
    }

    /// <summary>Tokens by the text that their bytes are. A token of a part of a character is no piece as a whole.</summary>
    private static WordIndex Words(TokenTable tokens)
    {
        char[] text = new char[tokens.Text.Length];
        int[] starts = new int[tokens.Limit], lengths = new int[tokens.Limit];
        byte[] bytes = new byte[tokens.LongestLength];
        int end = 0;
        for (int id = 0; id < tokens.Limit; id++)
        {
            int count = tokens.Has(id) ? Bytes(tokens[id], bytes) : -1, length = -1;
            if (count >= 0 && Utf8.IsValid(bytes.AsSpan(0, count)))
            {
                length = System.Text.Encoding.UTF8.GetChars(bytes.AsSpan(0, count), text.AsSpan(end));
            }
            (starts[id], lengths[id], end) = (end, length, end + Math.Max(0, length));
        }
        return new WordIndex(text, starts, lengths);
    }

    private static int Bytes(ReadOnlySpan<char> token, Span<byte> bytes)
    {
        for (int i = 0; i < token.Length; i++)
        {
            int value = ByteAlphabet.Byte(token[i]);
            if (value < 0)
            {
                return -1;
            }
            bytes[i] = (byte)value;
        }
        return token.Length;
    }
}
