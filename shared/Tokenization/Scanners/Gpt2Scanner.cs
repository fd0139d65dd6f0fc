namespace Retrieval.Tokenization;

/// <summary>GPT-2: contractions, words, numbers and other runs with the space before them, white space.</summary>
internal sealed class Gpt2Scanner : SplitScanner
{
    private const SplitKind Classed = SplitKind.Letter | SplitKind.Number | SplitKind.Space;

    protected override int End(ReadOnlySpan<char> text, int start)
    {
        int end = Contraction(text, start, ignoreCase: false);
        if (end > start)
        {
            return end;
        }
        int first = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        SplitKind kind = SplitKinds.At(text, first, out int length) & Classed;
        return kind switch
        {
            SplitKind.Space => Spaces(text, start, newlines: false),
            SplitKind.None => SplitKinds.RunWithout(text, first + length, Classed),
            SplitKind.Letter => SplitKinds.Letters(text, first + length),
            _ => SplitKinds.Run(text, first + length, kind),
        };
    }
}
