using System.Buffers;
using System.Text;

namespace Retrieval.Tokenization;

/// <summary>
/// sentencepiece's character map as the reference applies it: a whole grapheme below 6 bytes of UTF-8 is looked up first (and its shortest prefix in the map
/// stands for all of it), then each of its code points.
/// </summary>
internal sealed class PrecompiledNormalizer(Charsmap map) : Normalizer
{
    // ASCII characters that stay; a pure ASCII text has no graphemes but them and \r\n.
    private readonly SearchValues<char> _unchanged = SearchValues.Create([.. Enumerable.Range(0, 128).Where(c => map.Replacement([(byte)c]) is null).Select(c => (char)c)]);

    public override bool Apply(AlignedText text, TextBuffer output)
    {
        if (IsUnchanged(text.Text))
        {
            return false;
        }
        Rewriter rewriter = new(text, output);
        Span<byte> utf8 = stackalloc byte[8];
        bool modified = false;
        for (int i = 0; i < text.Length;)
        {
            int length = GraphemeClusters.Next(text.Text, i) - i;
            ReadOnlySpan<char> grapheme = text.Text.Slice(i, length);
            i += length;
            if (Encode(grapheme, utf8) is < 6 and int bytes && map.Replacement(utf8[..bytes]) is { } whole)
            {
                rewriter.Replace(CodePoints(grapheme), whole);
                modified = true;
                continue;
            }
            foreach (Rune rune in grapheme.EnumerateRunes())
            {
                if (map.Replacement(utf8[..rune.EncodeToUtf8(utf8)]) is { } part)
                {
                    rewriter.Replace(1, part);
                    modified = true;
                }
                else
                {
                    rewriter.Keep(rune.Value);
                }
            }
        }
        if (!modified)
        {
            output.Clear();
            return false;
        }
        rewriter.End();
        return true;
    }

    private bool IsUnchanged(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(_unchanged);

    /// <summary>Bytes of UTF-8, as far as they matter: whole code points while they fit.</summary>
    private static int Encode(ReadOnlySpan<char> grapheme, Span<byte> utf8)
    {
        int length = 0;
        foreach (Rune rune in grapheme.EnumerateRunes())
        {
            if (!rune.TryEncodeToUtf8(utf8[length..], out int bytes))
            {
                return utf8.Length;
            }
            length += bytes;
        }
        return length;
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (char c in text)
        {
            count += char.IsLowSurrogate(c) ? 0 : 1;
        }
        return count;
    }

    /// <summary>
    /// Puts code points out with what they do to the source. The last one is held back: a replacement that is shorter than what it stands for adds the difference
    /// to the code point before its end, and when there is none at the beginning of the text, the difference is lost, as in the reference.
    /// </summary>
    private ref struct Rewriter(AlignedText source, TextBuffer output)
    {
        private Transformation _transformation = new(source, output);
        private int _held = -1, _change;

        public void Keep(int codePoint) => Put(codePoint, 0);

        public void Replace(int oldCount, string replacement)
        {
            int newCount = CodePoints(replacement), left = newCount;
            foreach (Rune rune in replacement.EnumerateRunes())
            {
                Put(rune.Value, left-- <= newCount - oldCount ? 1 : 0);
            }
            if (_held >= 0)
            {
                _change += Math.Min(0, newCount - oldCount);
            }
        }

        public void End()
        {
            if (_held >= 0)
            {
                _transformation.Put(_held, _change);
            }
        }

        private void Put(int codePoint, int change)
        {
            End();
            (_held, _change) = (codePoint, change);
        }
    }
}
