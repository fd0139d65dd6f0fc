namespace Retrieval.Tokenization;

/// <summary>
/// Takes the spaces of byte-level tokens out of their offsets. Counts spaces by the token's spelling, not by the text, and moves by as many code points of the
/// text, as the reference does.
/// </summary>
/// <param name="spelling">The vocabulary's spelling of an id.</param>
/// <param name="sources">The texts of the call.</param>
internal sealed class TokenSpaces(Func<int, string?> spelling, IReadOnlyList<string> sources)
{
    /// <summary>The token with its offsets trimmed.</summary>
    /// <param name="row">A token.</param>
    /// <param name="index">Its place in its encoding.</param>
    /// <param name="addPrefixSpace">One leading space of the first token is then not of the text, and stays.</param>
    public Row Trim(Row row, int index, bool addPrefixSpace)
    {
        (int leading, int trailing) = Count(row.Shown ?? spelling(row.Id));
        (int start, int end) = Trim(row.Source < 0 ? "" : sources[row.Source], row.Start, row.End, index == 0 && addPrefixSpace, addPrefixSpace, leading, trailing);
        return row with { Start = start, End = end };
    }

    /// <summary>The offsets of a token without its spaces.</summary>
    public static (int Start, int End) Trim(ReadOnlySpan<char> text, int start, int end, bool isFirst, bool addPrefixSpace, int leading, int trailing)
    {
        if (leading == 1 && (isFirst || (addPrefixSpace && start == 0)))
        {
            leading = 0;
        }
        for (; leading > 0 && start < end; leading--)
        {
            start += Length(text, start, 1);
        }
        // The reference compares the end with the count, and leaves a token near the beginning of the text alone.
        if (CodePointsBefore(text, end, trailing))
        {
            for (; trailing > 0 && end > start; trailing--)
            {
                end -= Length(text, end - 1, -1);
            }
        }
        return (start, end);
    }

    /// <summary>Spaces at the beginning and the end of a spelling; U+0120 is the space of the byte alphabet.</summary>
    public static (int Leading, int Trailing) Count(ReadOnlySpan<char> spelling)
    {
        int leading = 0, trailing = 0;
        while (leading < spelling.Length && IsSpace(spelling[leading]))
        {
            leading++;
        }
        while (trailing < spelling.Length && IsSpace(spelling[^(trailing + 1)]))
        {
            trailing++;
        }
        return (leading, trailing);
    }

    private static bool IsSpace(char c) => c == '\u0120' || Characters.White.Contains(c);

    private static int Length(ReadOnlySpan<char> text, int index, int direction) =>
        (uint)index < (uint)text.Length && (direction > 0 ? char.IsHighSurrogate(text[index]) : char.IsLowSurrogate(text[index])) && (uint)(index + direction) < (uint)text.Length
        && char.IsSurrogatePair(text[Math.Min(index, index + direction)], text[Math.Max(index, index + direction)]) ? 2 : 1;

    private static bool CodePointsBefore(ReadOnlySpan<char> text, int index, int count)
    {
        for (; count > 0; count--)
        {
            if (index <= 0)
            {
                return false;
            }
            index -= Length(text, index - 1, -1);
        }
        return true;
    }
}
