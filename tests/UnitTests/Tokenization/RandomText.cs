using System.Text;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>Texts of everything that a tokenizer may trip over, by seed.</summary>
internal static class RandomText
{
    private static readonly string[] Parts =
    [
        "the", "cats", "unbelievable", "Don't", "[SEP]", "[MASK]", "[SE", "P]", "[[", "]]", "##", "é", "e\u0301", "\u0301", "İ", "ß", "Σ", "ﬁ", "\u1E9B\u0323", "각", "\u1100\u1161\u11A8", "東京", "\uF900",
        "😀", "👩‍👩‍👧", "\U0002F800", "\uD83D", "\uDE00", "\uFFFD", "\0", "\u0007", "\u00AD", "\u200B", "\u200D", "\uFEFF", "\t", "\n", "\r\n", " ", "  ", "\u00A0", "\u3000", "\u2028", ".", "...", ",", "—", "\u037E",
        "\u2260", "1", "3.14", "\uE000", "\U000E0001", "\u0E01\u0E33", "नमस्ते", "שלום", "\u0344", "\U0001D165\U0001D16D", "\uFFFF", "\U0010FFFF",
    ];

    public static string Next(Random random)
    {
        StringBuilder text = new();
        for (int parts = random.Next(30); parts > 0; parts--)
        {
            switch (random.Next(8))
            {
                case 0: text.Append((char)random.Next(0x10000)); break;
                case 1: text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x110000))); break;
                case 2: text.Append((char)random.Next(128)); break;
                default: text.Append(random.GetItems(Parts, 1)[0]); break;
            }
        }
        return text.ToString();
    }

    /// <summary>The text with every half of a surrogate pair replaced by U+FFFD.</summary>
    public static string Whole(string text) => string.Concat(text.EnumerateRunes());
}
