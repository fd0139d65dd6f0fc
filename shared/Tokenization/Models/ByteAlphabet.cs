namespace Retrieval.Tokenization;

/// <summary>GPT-2's spelling of bytes as characters: printable Latin-1 stands for itself, the other bytes, in order, for U+0100 and what follows.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_characters = Make();
    private static readonly short[] s_bytes = Invert();

    /// <summary>The character of a byte.</summary>
    public static char Character(byte value) => s_characters[value];

    /// <summary>The byte of a character; -1 when it stands for none.</summary>
    public static int Byte(char character) => character < s_bytes.Length ? s_bytes[character] : -1;

    private static char[] Make()
    {
        char[] characters = new char[256];
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            characters[value] = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)value : (char)(256 + others++);
        }
        return characters;
    }

    private static short[] Invert()
    {
        short[] bytes = new short[s_characters.Max() + 1];
        bytes.AsSpan().Fill(-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[s_characters[value]] = (short)value;
        }
        return bytes;
    }
}
