namespace Retrieval.Tokenization;

/// <summary>Llama 3 and its relatives: contractions in any case, words with one character before them, so many digits at a time, other runs with line ends, white space.</summary>
/// <param name="digits">Most digits in a piece.</param>
/// <param name="endInOne">White space at the end of the text is one piece, line ends or not.</param>
internal sealed class Llama3Scanner(int digits, bool endInOne) : SplitScanner
{
    private const SplitKind Classed = SplitKind.Letter | SplitKind.Number | SplitKind.Space;

    protected override int End(ReadOnlySpan<char> text, int start)
    {
        if (text[start] == ' ' && start + 1 < text.Length && char.IsAsciiLetter(text[start + 1]))
        {
            return SplitKinds.Letters(text, start + 2); // most pieces of most texts
        }
        SplitKind kind = SplitKinds.At(text, start, out int length);
        if ((kind & SplitKind.Letter) != 0)
        {
            return SplitKinds.Letters(text, start + length);
        }
        if ((kind & SplitKind.Number) != 0)
        {
            return Digits(text, start + length);
        }
        int end = Contraction(text, start, ignoreCase: true);
        if (end > start)
        {
            return end;
        }
        int next = start + length;
        SplitKind after = next < text.Length ? SplitKinds.At(text, next, out length) : SplitKind.Space;
        if ((after & SplitKind.Letter) != 0 && (kind & SplitKind.Newline) == 0)
        {
            return SplitKinds.Letters(text, next + length);
        }
        if ((kind & SplitKind.Space) == 0 || text[start] == ' ' && (after & Classed) == 0)
        {
            return SplitKinds.Run(text, SplitKinds.RunWithout(text, next, Classed), SplitKind.Newline);
        }
        return endInOne && SplitKinds.Run(text, next, SplitKind.Space) == text.Length ? text.Length : Spaces(text, start, newlines: true);
    }

    private int Digits(ReadOnlySpan<char> text, int at)
    {
        for (int taken = 1; taken < digits && at < text.Length && (SplitKinds.At(text, at, out int length) & SplitKind.Number) != 0; taken++)
        {
            at += length;
        }
        return at;
    }
}
