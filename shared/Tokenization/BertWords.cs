namespace Retrieval.Tokenization;

/// <summary>
/// BertNormalizer and BertPreTokenizer in one pass: text to words, words to pieces. ASCII goes by a table made for the options at hand;
/// everything else by the shipped character tables. A lone surrogate counts as U+FFFD.
/// </summary>
internal sealed class BertWords
{
    // Actions of an ASCII character besides being replaced by a letter (its code).
    private const byte Separate = 0x80, Alone = 0x81, Drop = 0x82;

    private readonly BertNormalizer _options;
    private readonly WordPiece _pieces;
    private readonly byte[] _ascii = new byte[128];

    public BertWords(BertNormalizer options, WordPiece pieces)
    {
        (_options, _pieces) = (options, pieces);
        for (int c = 0; c < _ascii.Length; c++)
        {
            CharacterKind kind = BertCharacters.Shipped[c];
            _ascii[c] = options.CleanText && kind.HasFlag(CharacterKind.Removed) ? Drop
                : kind.HasFlag(CharacterKind.White) ? Separate
                : kind.HasFlag(CharacterKind.Punctuation) ? Alone
                : (byte)(options.Lowercase && BertCharacters.Lower(c) is [int lower] ? lower : c);
        }
    }

    /// <summary>Sends the pieces of a text to the sink; offsets count from <paramref name="origin"/>.</summary>
    public void Split<TSink>(ReadOnlySpan<char> text, int origin, ref TSink sink) where TSink : struct, ITokenSink
    {
        WordBuffer word = WordBuffer.Rent();
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (c < 128)
            {
                Ascii(c, word, origin + i++, ref sink);
                continue;
            }
            int length = 1, codePoint = c;
            if (char.IsSurrogate(c))
            {
                bool paired = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
                (codePoint, length) = paired ? (char.ConvertToUtf32(c, text[i + 1]), 2) : (0xFFFD, 1);
            }
            Other(codePoint, word, origin + i, origin + i + length, ref sink);
            i += length;
        }
        End(word, ref sink);
    }

    private void Ascii<TSink>(char c, WordBuffer word, int at, ref TSink sink) where TSink : struct, ITokenSink
    {
        byte action = _ascii[c];
        if (action < 128)
        {
            word.Append(action, at, at + 1, _pieces.MaxCharacters);
        }
        else if (action != Drop)
        {
            End(word, ref sink);
            if (action == Alone)
            {
                word.Append(c, at, at + 1, _pieces.MaxCharacters);
                End(word, ref sink);
            }
        }
    }

    private void Other<TSink>(int codePoint, WordBuffer word, int start, int end, ref TSink sink) where TSink : struct, ITokenSink
    {
        CharacterKind kind = BertCharacters.Shipped[codePoint];
        if (_options.CleanText && (kind & (CharacterKind.Removed | CharacterKind.Space)) != 0)
        {
            if (kind.HasFlag(CharacterKind.Space) && !kind.HasFlag(CharacterKind.Removed))
            {
                End(word, ref sink);
            }
            return;
        }
        bool alone = _options.ChineseChars && kind.HasFlag(CharacterKind.Chinese);
        if (alone)
        {
            End(word, ref sink);
        }
        ReadOnlySpan<int> parts = _options.StripAccents ? BertCharacters.Decompose(codePoint) : [];
        foreach (int part in parts.IsEmpty ? new ReadOnlySpan<int>(in codePoint) : parts)
        {
            if (!_options.StripAccents || !BertCharacters.Shipped[part].HasFlag(CharacterKind.Mark))
            {
                Lower(part, word, start, end, ref sink);
            }
        }
        if (alone)
        {
            End(word, ref sink);
        }
    }

    private void Lower<TSink>(int codePoint, WordBuffer word, int start, int end, ref TSink sink) where TSink : struct, ITokenSink
    {
        if (_options.Lowercase && BertCharacters.Lower(codePoint) is [_, ..] lower)
        {
            foreach (int part in lower)
            {
                Put(part, word, start, end, ref sink);
            }
        }
        else
        {
            Put(codePoint, word, start, end, ref sink);
        }
    }

    private void Put<TSink>(int codePoint, WordBuffer word, int start, int end, ref TSink sink) where TSink : struct, ITokenSink
    {
        CharacterKind kind = BertCharacters.Shipped[codePoint];
        if (kind.HasFlag(CharacterKind.White))
        {
            End(word, ref sink);
        }
        else if (kind.HasFlag(CharacterKind.Punctuation))
        {
            End(word, ref sink);
            word.Append(codePoint, start, end, _pieces.MaxCharacters);
            End(word, ref sink);
        }
        else
        {
            word.Append(codePoint, start, end, _pieces.MaxCharacters);
        }
    }

    private void End<TSink>(WordBuffer word, ref TSink sink) where TSink : struct, ITokenSink
    {
        if (word.CodePoints > 0)
        {
            _pieces.Split(word, ref sink);
            word.Clear();
        }
    }
}
