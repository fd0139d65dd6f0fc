using System.Text;

namespace Retrieval.Tokenization;

/// <summary>Lower case, code point by code point: no rule looks at neighbours. Where one becomes several, all have its place.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
        if (Ascii.IsValid(text.Text))
        {
            return LowerAscii(text, output);
        }
        int first = FirstChange(text.Text);
        if (first == text.Length)
        {
            return false;
        }
        output.Append(text.Slice(0, first));
        for (int i = first; i < text.Length;)
        {
            char c = text.Text[i];
            (int start, int end) = (text.Start(i), text.End(i));
            if (c < 128)
            {
                output.Append(char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c, start, end);
                i++;
                continue;
            }
            int codePoint = text.CodePoint(i, out int length);
            AppendLower(codePoint, start, end, output);
            i += length;
        }
        return true;
    }

    private static bool LowerAscii(AlignedText text, TextBuffer output)
    {
        if (!text.Text.ContainsAnyInRange('A', 'Z'))
        {
            return false;
        }
        output.Append(text);
        output.LowerAscii(0);
        return true;
    }

    /// <summary>Appends the lower case of one code point.</summary>
    public static void AppendLower(int codePoint, int start, int end, TextBuffer output)
    {
        ReadOnlySpan<int> lower = Characters.Lower.Find(codePoint);
        if (lower.IsEmpty)
        {
            output.AppendCodePoint(codePoint, start, end);
        }
        foreach (int part in lower)
        {
            output.AppendCodePoint(part, start, end);
        }
    }

    private static int FirstChange(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length;)
        {
            int codePoint = Characters.At(text, i, out int length);
            if (codePoint < 128 ? char.IsAsciiLetterUpper((char)codePoint) : !Characters.Lower.Find(codePoint).IsEmpty)
            {
                return i;
            }
            i += length;
        }
        return text.Length;
    }
}
