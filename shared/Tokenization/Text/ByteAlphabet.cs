namespace Retrieval.Tokenization;

/// <summary>
/// A printable character for each byte, as in GPT-2's byte-level BPE (Radford et al. 2019): printable Latin-1 stands for itself, and the other 68 bytes, in order,
/// for U+0100 and on.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = Make();
    private static readonly short[] Bytes = Invert();

    /// <summary>The character of a byte.</summary>
    public static char Character(byte value) => Chars[value];

    /// <summary>The byte of a character; -1 when it stands for none.</summary>
    public static int Byte(char c) => c < Bytes.Length ? Bytes[c] : -1;

    /// <summary>Appends a text as its UTF-8 bytes, each with the place of the whole character.</summary>
    public static void Append(AlignedText text, TextBuffer output)
    {
        for (int i = 0; i < text.Length;)
        {
            (int start, int end) = (text.Start(i), text.End(i));
            int codePoint = text.CodePoint(i, out int length);
            i += length;
            if (codePoint < 0x80)
            {
                output.Append(Chars[codePoint], start, end);
                continue;
            }
            int shift = codePoint < 0x800 ? 6 : codePoint < 0x10000 ? 12 : 18;
            output.Append(Chars[(shift == 6 ? 0xC0 : shift == 12 ? 0xE0 : 0xF0) | codePoint >> shift], start, end);
            while ((shift -= 6) >= 0)
            {
                output.Append(Chars[0x80 | (codePoint >> shift & 0x3F)], start, end);
            }
        }
    }

    private static char[] Make()
    {
        char[] chars = new char[256];
        int next = 0x100;
        for (int b = 0; b < 256; b++)
        {
            chars[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)next++;
        }
        return chars;
    }

    private static short[] Invert()
    {
        short[] bytes = new short[Chars.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (short b = 0; b < 256; b++)
        {
            bytes[Chars[b]] = b;
        }
        return bytes;
    }
}
