namespace Retrieval.Tokenization;

/// <summary>What takes no text but asks something of a place in it.</summary>
internal static class Assertions
{
    /// <param name="kind">What is asked.</param>
    /// <param name="text">The text.</param>
    /// <param name="at">The place.</param>
    /// <param name="from">Where the search began.</param>
    public static bool Holds(AnchorKind kind, ReadOnlySpan<char> text, int at, int from) => kind switch
    {
        AnchorKind.TextStart => at == 0,
        AnchorKind.TextEnd => at == text.Length,
        AnchorKind.TextEndOrLastNewline => at == text.Length || at == text.Length - 1 && text[at] == '\n',
        AnchorKind.LineStart => at == 0 || at < text.Length && text[at - 1] == '\n',
        AnchorKind.LineEnd => at == text.Length || text[at] == '\n',
        AnchorKind.WordBorder => IsWord(text, at) != IsWordBefore(text, at),
        AnchorKind.NoWordBorder => IsWord(text, at) == IsWordBefore(text, at),
        AnchorKind.ClusterBorder => GraphemeClusters.IsBorder(text, at, conjuncts: false),
        AnchorKind.NoClusterBorder => !GraphemeClusters.IsBorder(text, at, conjuncts: false),
        _ => at == from,
    };

    private static bool IsWord(ReadOnlySpan<char> text, int at) => at < text.Length && Properties.WordSet.Contains(Characters.At(text, at, out _));

    private static bool IsWordBefore(ReadOnlySpan<char> text, int at) => at > 0 && Properties.WordSet.Contains(Characters.Before(text, at, out _));
}
