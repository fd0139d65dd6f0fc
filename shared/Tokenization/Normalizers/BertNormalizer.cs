using System.Buffers;

namespace Retrieval.Tokenization;

/// <summary>
/// BERT's normalizer: control characters dropped and white space made spaces, spaces around ideographs, accents dropped after decomposition, lower case; all code
/// point by code point. ASCII goes by a table made for the options at hand.
/// </summary>
internal sealed class BertNormalizer : Normalizer
{
    private const byte Dropped = 0xFF;

    private readonly bool _clean, _chinese, _accents, _lower;
    private readonly byte[] _ascii = new byte[128];
    private readonly SearchValues<char> _simple, _unchanged;

    private BertNormalizer(bool clean, bool chinese, bool accents, bool lower)
    {
        (_clean, _chinese, _accents, _lower) = (clean, chinese, accents, lower);
        for (int c = 0; c < 128; c++)
        {
            CharacterKind kind = BertCharacters.Shipped[c];
            _ascii[c] = clean && kind.HasFlag(CharacterKind.Removed) ? Dropped
                : clean && kind.HasFlag(CharacterKind.Space) ? (byte)' '
                : (byte)(lower && char.IsAsciiLetterUpper((char)c) ? c | 0x20 : c);
        }
        // ASCII that stays, and ASCII that stays or becomes a small letter.
        _unchanged = SearchValues.Create([.. Enumerable.Range(0, 128).Where(c => _ascii[c] == c).Select(c => (char)c)]);
        _simple = SearchValues.Create([.. Enumerable.Range(0, 128).Where(c => _ascii[c] == c || lower && char.IsAsciiLetterUpper((char)c)).Select(c => (char)c)]);
    }

    public static BertNormalizer Read(JsonNodeReader node)
    {
        bool lowercase = node.Boolean("lowercase", true);
        return new BertNormalizer(node.Boolean("clean_text", true), node.Boolean("handle_chinese_chars", true), node.Boolean("strip_accents", lowercase), lowercase);
    }

    public override bool Apply(AlignedText text, TextBuffer output)
    {
        int first = text.Text.IndexOfAnyExcept(_unchanged);
        if (first < 0)
        {
            return false;
        }
        if (!text.Text.ContainsAnyExcept(_simple))
        {
            output.Append(text);
            output.LowerAscii();
            return true;
        }
        output.Append(text.Slice(0, first));
        for (int i = first; i < text.Length;)
        {
            (int start, int end) = (text.Start(i), text.End(i));
            char c = text.Text[i];
            if (c < 128)
            {
                if (_ascii[c] != Dropped)
                {
                    output.Append((char)_ascii[c], start, end);
                }
                i++;
                continue;
            }
            int codePoint = text.CodePoint(i, out int length);
            Append(codePoint, start, end, output);
            i += length;
        }
        return true;
    }

    private void Append(int codePoint, int start, int end, TextBuffer output)
    {
        CharacterKind kind = BertCharacters.Shipped[codePoint];
        if (_clean && (kind & (CharacterKind.Removed | CharacterKind.Space)) != 0)
        {
            if (!kind.HasFlag(CharacterKind.Removed))
            {
                output.Append(' ', start, end);
            }
            return;
        }
        bool alone = _chinese && kind.HasFlag(CharacterKind.Chinese);
        if (alone)
        {
            output.Append(' ', start, end);
        }
        ReadOnlySpan<int> parts = _accents ? BertCharacters.Decompose(codePoint) : [];
        foreach (int part in parts.IsEmpty ? [codePoint] : parts)
        {
            if (!_accents || !BertCharacters.Shipped[part].HasFlag(CharacterKind.Mark))
            {
                AppendLower(part, start, end, output);
            }
        }
        if (alone)
        {
            output.Append(' ', start, end);
        }
    }

    private void AppendLower(int codePoint, int start, int end, TextBuffer output)
    {
        ReadOnlySpan<int> lower = _lower ? BertCharacters.Lower(codePoint) : [];
        foreach (int part in lower.IsEmpty ? [codePoint] : lower)
        {
            output.AppendCodePoint(part, start, end);
        }
    }
}
