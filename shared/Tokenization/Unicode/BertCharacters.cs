namespace Retrieval.Tokenization;

/// <summary>Character classes and mappings of BERT tokenization, of the shipped tables.</summary>
internal sealed class BertCharacters
{
    private readonly CodePointValues _kinds = new(Kinds());

    /// <summary>The shipped tables.</summary>
    public static BertCharacters Shipped { get; } = new();

    private BertCharacters()
    {
    }

    public CharacterKind this[int codePoint] => (CharacterKind)_kinds[codePoint];

    /// <summary>Lower case of one code point; empty when it is its own.</summary>
    public static ReadOnlySpan<int> Lower(int codePoint) => Characters.Lower.Find(codePoint);

    /// <summary>Canonical decomposition; empty when it is its own.</summary>
    public static ReadOnlySpan<int> Decompose(int codePoint) => Decomposition.Canonical.Find(codePoint);

    // A code point may have several: each combination of them is one value.
    private static IEnumerable<(byte, CodePointRanges)> Kinds()
    {
        (CharacterKind Kind, CodePointRanges Ranges)[] tables =
        [
            (CharacterKind.Removed, CharacterTables.Ranges("bert.removed")), (CharacterKind.Space, CharacterTables.Ranges("bert.space")),
            (CharacterKind.Chinese, CharacterTables.Ranges("bert.chinese")), (CharacterKind.Mark, CharacterTables.Ranges("bert.mark")),
            (CharacterKind.White, CharacterTables.Ranges("white")), (CharacterKind.Punctuation, CharacterTables.Ranges("punctuation")),
        ];
        for (int kinds = 1; kinds < 1 << tables.Length; kinds++)
        {
            CodePointRanges common = CodePointRanges.All;
            foreach ((CharacterKind kind, CodePointRanges ranges) in tables)
            {
                common &= (kinds & (int)kind) != 0 ? ranges : ~ranges;
            }
            yield return ((byte)kinds, common);
        }
    }
}

/// <summary>What BERT tokenization asks of a code point.</summary>
[Flags]
internal enum CharacterKind : byte
{
    None = 0,
    /// <summary>Dropped by clean_text.</summary>
    Removed = 1,
    /// <summary>Turned into a space by clean_text.</summary>
    Space = 2,
    /// <summary>A word of its own by handle_chinese_chars.</summary>
    Chinese = 4,
    /// <summary>Dropped by strip_accents after decomposition.</summary>
    Mark = 8,
    /// <summary>Separates words.</summary>
    White = 16,
    /// <summary>A word of its own.</summary>
    Punctuation = 32,
}
