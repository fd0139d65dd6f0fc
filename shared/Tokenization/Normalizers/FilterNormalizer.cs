namespace Retrieval.Tokenization;

/// <summary>Drops code points or turns them into others, one by one: StripAccents, Nmt.</summary>
/// <param name="map">What a code point becomes; -1 drops it.</param>
/// <param name="firstChanged">No code point below this one is changed.</param>
internal sealed class FilterNormalizer(Func<int, int> map, int firstChanged) : Normalizer
{
    public override bool Apply(AlignedText text, TextBuffer output)
    {
        int first = FirstChange(text);
        if (first < 0)
        {
            return false;
        }
        output.Append(text.Slice(0, first));
        for (int i = first; i < text.Length;)
        {
            int mapped = map(text.CodePoint(i, out int length));
            if (mapped >= 0)
            {
                output.AppendCodePoint(mapped, text.Start(i), text.End(i));
            }
            i += length;
        }
        return true;
    }

    private int FirstChange(AlignedText text)
    {
        int start = text.Text.IndexOfAnyInRange((char)firstChanged, char.MaxValue);
        for (int i = start < 0 ? text.Length : start; i < text.Length;)
        {
            int codePoint = text.CodePoint(i, out int length);
            if (codePoint >= firstChanged && map(codePoint) != codePoint)
            {
                return i;
            }
            i += length;
        }
        return -1;
    }

    /// <summary>Nmt: sentencepiece's rules for control characters and white space.</summary>
    public static int Nmt(int codePoint) => codePoint switch
    {
        (>= 0x1 and <= 0x8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F => -1,
        0x9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD => ' ',
        _ => codePoint,
    };
}
