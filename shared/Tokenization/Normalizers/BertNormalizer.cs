using System.Buffers;

namespace Retrieval.Tokenization;

/// <summary>
/// BERT's normalizer: control characters dropped and white space made spaces, spaces around ideographs, accents dropped after decomposition, lower case; all code
/// point by code point. ASCII goes by a table made for the options at hand.
/// </summary>
internal sealed class BertNormalizer : Normalizer
{
    private const byte Dropped = 0xFF;

    // Decomposition puts marks in order. Those that are dropped afterwards may stand as they like; others take a place that one pass cannot know.
    private static readonly CodePointSet Moving = new(CodePointRanges.Of(Enumerable.Range(0x80, 0x110000 - 0x80)
        .Where(c => Decomposition.Class[c] != 0 && !IsMark(c)).Select(c => (c, c))));

    private readonly bool _clean, _chinese, _accents, _lower;
    private readonly byte[] _ascii = new byte[128];
    private readonly SearchValues<char> _simple, _unchanged;
    private readonly NormalizerSequence? _stepwise;

    private BertNormalizer(bool clean, bool chinese, bool accents, bool lower)
    {
        (_clean, _chinese, _accents, _lower) = (clean, chinese, accents, lower);
        _stepwise = accents ? Stepwise(clean, chinese, lower) : null;
        for (int c = 0; c < 128; c++)
        {
            CharacterKind kind = BertCharacters.Shipped[c];
            _ascii[c] = clean && (kind & CharacterKind.Removed) != 0 ? Dropped
                : clean && (kind & CharacterKind.Space) != 0 ? (byte)' '
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

    private static NormalizerSequence Stepwise(bool clean, bool chinese, bool lower)
    {
        FilterNormalizer marks = new(c => IsMark(c) ? -1 : c, 0x300);
        return new([new BertNormalizer(clean, chinese, false, false), UnicodeForm.Of("NFD"), marks, .. lower ? new Normalizer[] { new LowercaseNormalizer() } : []]);
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
            output.LowerAscii(0);
            return true;
        }
        output.Append(text.Slice(0, first));
        for (int i = first; i < text.Length;)
        {
            if (text.Text[i] < 128)
            {
                i += AppendAscii(text, i, output);
                continue;
            }
            int codePoint = text.CodePoint(i, out int length);
            if (_stepwise is not null && Moving.Contains(codePoint))
            {
                output.Clear();
                return _stepwise.Apply(text, output);
            }
            Append(codePoint, text.Start(i), text.End(i), output);
            i += length;
        }
        return true;
    }

    /// <summary>Appends what an ASCII character becomes, and the simple ones that follow it at once.</summary>
    private int AppendAscii(AlignedText text, int i, TextBuffer output)
    {
        byte becomes = _ascii[text.Text[i]];
        if (becomes != Dropped)
        {
            output.Append((char)becomes, text.Start(i), text.End(i));
        }
        int run = text.Text[(i + 1)..].IndexOfAnyExcept(_simple), from = output.Length;
        run = run < 0 ? text.Length - i - 1 : run;
        if (run > 0)
        {
            output.Append(text.Slice(i + 1, run));
            if (_lower)
            {
                output.LowerAscii(from);
            }
        }
        return run + 1;
    }

    private void Append(int codePoint, int start, int end, TextBuffer output)
    {
        CharacterKind kind = BertCharacters.Shipped[codePoint];
        if (_clean && (kind & (CharacterKind.Removed | CharacterKind.Space)) != 0)
        {
            if ((kind & CharacterKind.Removed) == 0)
            {
                output.Append(' ', start, end);
            }
            return;
        }
        bool alone = _chinese && (kind & CharacterKind.Chinese) != 0;
        if (alone)
        {
            output.Append(' ', start, end);
        }
        ReadOnlySpan<int> parts = _accents ? BertCharacters.Decompose(codePoint) : [];
        if (parts.IsEmpty)
        {
            AppendPart(codePoint, start, end, output);
        }
        foreach (int part in parts)
        {
            AppendPart(part, start, end, output);
        }
        if (alone)
        {
            output.Append(' ', start, end);
        }
    }

    private static bool IsMark(int codePoint) => (BertCharacters.Shipped[codePoint] & CharacterKind.Mark) != 0;

    private void AppendPart(int codePoint, int start, int end, TextBuffer output)
    {
        if (_accents && IsMark(codePoint))
        {
            return;
        }
        if (_lower)
        {
            LowercaseNormalizer.AppendLower(codePoint, start, end, output);
        }
        else
        {
            output.AppendCodePoint(codePoint, start, end);
        }
    }
}
