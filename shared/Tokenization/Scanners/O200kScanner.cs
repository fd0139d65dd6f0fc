namespace Retrieval.Tokenization;

/// <summary>o200k: words that end where a capital follows a small letter, with one character before and a contraction after them; up to three digits; other runs; white space.</summary>
internal sealed class O200kScanner : SplitScanner
{
    private const SplitKind Classed = SplitKind.Letter | SplitKind.Number | SplitKind.Space;

    protected override int End(ReadOnlySpan<char> text, int start)
    {
        SplitKind kind = SplitKinds.At(text, start, out int length);
        int word = Word(text, start, kind, length);
        if (word > start)
        {
            return Contraction(text, word, ignoreCase: true);
        }
        if ((kind & SplitKind.Number) != 0)
        {
            int end = start + length;
            for (int taken = 1; taken < 3 && end < text.Length && (SplitKinds.At(text, end, out length) & SplitKind.Number) != 0; taken++)
            {
                end += length;
            }
            return end;
        }
        int next = start + length;
        if ((kind & SplitKind.Space) == 0 || text[start] == ' ' && next < text.Length && (SplitKinds.At(text, next, out _) & Classed) == 0)
        {
            return LineEnds(text, SplitKinds.RunWithout(text, next, Classed));
        }
        return Spaces(text, start, newlines: true);
    }

    // The two branches for words, each tried with a character before the word and without: a mark may be either.
    private static int Word(ReadOnlySpan<char> text, int start, SplitKind kind, int length)
    {
        bool prefix = (kind & (SplitKind.Newline | SplitKind.Letter | SplitKind.Number)) == 0;
        if (!prefix && (kind & SplitKind.Letter) == 0)
        {
            return start;
        }
        bool bare = (kind & (SplitKind.Letter | SplitKind.Mark)) != 0;
        int with = prefix ? EndsSmall(text, start + length) : -1;
        with = with < 0 && bare ? EndsSmall(text, start) : with;
        with = with < 0 && prefix ? EndsLarge(text, start + length) : with;
        with = with < 0 && bare ? EndsLarge(text, start) : with;
        return with < 0 ? start : with;
    }

    // [Upper]*[Lower]+: characters that are both go to the first, but for the last of them if no small letter follows.
    private static int EndsSmall(ReadOnlySpan<char> text, int at)
    {
        int lastBoth = -1;
        while (at < text.Length && SplitKinds.At(text, at, out int length) is var kind && (kind & SplitKind.Upper) != 0)
        {
            at += length;
            lastBoth = (kind & SplitKind.Lower) != 0 ? at : lastBoth;
        }
        int end = SplitKinds.Run(text, at, SplitKind.Lower);
        return end > at ? end : lastBoth;
    }

    // [Upper]+[Lower]*, where [Upper]*[Lower]+ was not: no small letter follows.
    private static int EndsLarge(ReadOnlySpan<char> text, int at)
    {
        int end = SplitKinds.Run(text, at, SplitKind.Upper);
        return end > at ? end : -1;
    }

    private static int LineEnds(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n' or '/')
        {
            at++;
        }
        return at;
    }
}
