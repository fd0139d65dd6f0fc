namespace Retrieval.Tokenization;

/// <summary>What stands between square brackets: ranges, escapes, POSIX classes, classes in classes, and &amp;&amp; for what two have in common.</summary>
internal sealed class ClassParser(PatternReader reader)
{
    private const int MostNested = 100;

    /// <summary>A class whose bracket is behind.</summary>
    /// <param name="negated">It began with ^; the ranges are those before negation.</param>
    /// <param name="depth">Classes around this one.</param>
    public CodePointRanges Parse(out bool negated, int depth = 0)
    {
        if (depth > MostNested)
        {
            throw reader.Wrong($"classes are nested more than {MostNested} deep");
        }
        negated = reader.Take("^");
        CodePointRanges? common = null;
        CodePointRanges inside = CodePointRanges.Empty;
        bool first = true;
        while (first && reader.Peek() == ']' && LiteralBracket() || !reader.Take("]"))
        {
            if (reader.Take("&&"))
            {
                common = common is null ? inside : common & inside;
                inside = CodePointRanges.Empty;
            }
            else
            {
                inside |= Item(depth);
            }
            first = false;
        }
        return common is null ? inside : common & inside;
    }

    // []a]: a bracket at the very beginning is itself, when another one can end the class.
    private bool LiteralBracket()
    {
        int at = reader.Position;
        reader.Next();
        bool later = reader.Later(']');
        reader.Back(at);
        return later ? true : throw reader.Wrong("an empty class");
    }

    private CodePointRanges Item(int depth)
    {
        if (reader.Peek() == '[')
        {
            return reader.Take("[:") ? Closed(Posix()) : Nested(depth);
        }
        int start = reader.Position;
        if (reader.Take("\\"))
        {
            if (reader.EscapedClass() is { } named)
            {
                return Closed(named);
            }
            reader.Back(start);
        }
        int first = Character();
        return AtRange() ? Range(first) : CodePointRanges.Of(first, first);
    }

    // A hyphen that is not the last character, nor before &&.
    private bool AtRange() => reader.Peek() == '-' && reader.Peek(1) is not (']' or '\0') && !(reader.Peek(1) == '&' && reader.Peek(2) == '&');

    private CodePointRanges Closed(CodePointRanges named) =>
        AtRange() ? throw reader.Wrong("a class begins no range: put the hyphen last, or a backslash before it") : named;

    private CodePointRanges Range(int first)
    {
        int hyphen = reader.Position;
        reader.Next();
        int start = reader.Position;
        if (reader.Peek() == '[' || reader.Take("\\") && reader.EscapedClass() is not null)
        {
            throw reader.Wrong("a class ends no range: put the hyphen last, or a backslash before it", hyphen);
        }
        reader.Back(start);
        int last = Character();
        return first <= last ? CodePointRanges.Of(first, last) : throw reader.Wrong($"the range goes down from U+{first:X4} to U+{last:X4}", hyphen);
    }

    private CodePointRanges Posix()
    {
        int start = reader.Position;
        bool not = reader.Take("^");
        string name = reader.Until(':');
        if (!Properties.IsPosix(name) || !reader.Take("]"))
        {
            throw reader.Wrong("no POSIX class: known are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, xdigit, word; for the bracket itself write \\[", start);
        }
        CodePointRanges ranges = Properties.Find(name)!;
        return not ? ~ranges : ranges;
    }

    private CodePointRanges Nested(int depth)
    {
        reader.Next();
        CodePointRanges nested = Parse(out bool negated, depth + 1);
        return negated ? ~nested : nested;
    }

    private int Character() => reader.Take("\\") ? reader.EscapedCharacter(insideClass: true) : reader.Next();
}
