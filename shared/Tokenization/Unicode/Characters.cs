namespace Retrieval.Tokenization;

/// <summary>What the reference library asks of a code point, as it was observed to answer: see unicode.txt.</summary>
internal static class Characters
{
    /// <summary>Stands in for half a surrogate pair without the other, as in the UTF-8 encoder of the platform.</summary>
    public const int Replacement = 0xFFFD;

    /// <summary>White space of Strip, WhitespaceSplit, Whitespace, BERT, and of \s in regular expressions.</summary>
    public static CodePointSet White { get; } = CharacterTables.Set("white");

    /// <summary>Punctuation of Punctuation and BERT: ASCII symbols, and P* of Unicode 8.</summary>
    public static CodePointSet Punctuation { get; } = CharacterTables.Set("punctuation");

    /// <summary>Numeric characters of Digits.</summary>
    public static CodePointSet Numeric { get; } = CharacterTables.Set("numeric");

    /// <summary>Word characters of the pre-tokenizer Whitespace and of the borders of added tokens (single_word).</summary>
    public static CodePointSet Word { get; } = new(~(CharacterTables.Ranges("not-word") | CharacterTables.Ranges("white")));

    /// <summary>Marks that StripAccents drops.</summary>
    public static CodePointSet Accent { get; } = CharacterTables.Set("accent");

    /// <summary>Lower case, one code point at a time: no rule for a final sigma.</summary>
    public static CodePointMap Lower { get; } = new(CharacterTables.Pairs("lower"));

    /// <summary>The code point at an index of a text, and how many units it takes. Half a pair counts as <see cref="Replacement"/>.</summary>
    public static int At(ReadOnlySpan<char> text, int index, out int length)
    {
        char c = text[index];
        length = 1;
        if (!char.IsSurrogate(c))
        {
            return c;
        }
        if (char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(c, text[index + 1]);
        }
        return Replacement;
    }

    /// <summary>The code point that ends before an index.</summary>
    public static int Before(ReadOnlySpan<char> text, int index, out int length) =>
        index > 1 && char.IsLowSurrogate(text[index - 1]) && char.IsHighSurrogate(text[index - 2]) ? At(text, index - 2, out length) : At(text[..index], index - 1, out length);
}
