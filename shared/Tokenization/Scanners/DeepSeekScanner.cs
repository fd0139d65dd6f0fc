namespace Retrieval.Tokenization;

/// <summary>The last split of DeepSeek V2 and V3: a symbol with a Latin word, words with one character before them, symbols, white space. What is none of them begins no match.</summary>
internal sealed class DeepSeekScanner : SplitScanner
{
    private const SplitKind Wordly = SplitKind.Letter | SplitKind.Mark;

    protected override int End(ReadOnlySpan<char> text, int start)
    {
        SplitKind kind = SplitKinds.At(text, start, out int length);
        int next = start + length;
        if ((kind & Wordly) != 0)
        {
            return SplitKinds.Run(text, next, Wordly);
        }
        if (char.IsAscii(text[start]) && (kind & SplitKind.Symbol) != 0 && next < text.Length && char.IsAsciiLetter(text[next]))
        {
            int others = text[next..].IndexOfAnyExcept(s_latin);
            return others < 0 ? text.Length : next + others;
        }
        SplitKind after = next < text.Length ? SplitKinds.At(text, next, out length) : SplitKind.None;
        if ((kind & (SplitKind.Newline | SplitKind.Symbol)) == 0 && (after & Wordly) != 0)
        {
            return SplitKinds.Run(text, next + length, Wordly);
        }
        if ((kind & SplitKind.Symbol) != 0 || text[start] == ' ' && (after & SplitKind.Symbol) != 0)
        {
            return SplitKinds.Run(text, SplitKinds.Run(text, next, SplitKind.Symbol), SplitKind.Newline);
        }
        return (kind & SplitKind.Space) != 0 ? Spaces(text, start, newlines: true) : start;
    }

    private static readonly System.Buffers.SearchValues<char> s_latin = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}
