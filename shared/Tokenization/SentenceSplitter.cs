using System.Globalization;

namespace Retrieval.Tokenization;

/// <summary>
/// Sentences of a text by rule: after . ! ? … (and their ideographic forms) with their closing quotes, at blank lines, before list items.
/// Not after an abbreviation or an initial, and not inside numbers. The spans are trimmed, in order, don't overlap, and leave out white space only.
/// </summary>
public static class SentenceSplitter
{
    private const string Enders = ".!?…", WideEnders = "。！？｡", Closers = "\"')]}»”“’›」』）】》〉｣", Openers = "\"'([{«“„‘‚‹¿¡「『（【";

    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "mt", "gen", "col", "lt", "sgt", "capt", "rev", "hon", "gov", "sen", "rep", "pres", "no", "nos", "vs", "etc", "e.g", "i.e", "eg", "ie", "cf", "al",
        "ca", "approx", "fig", "figs", "eq", "sec", "ch", "vol", "pp", "p", "ed", "eds", "inc", "ltd", "co", "corp", "dept", "univ", "assn", "ave", "blvd", "rd", "jan", "feb", "mar", "apr", "jun", "jul",
        "aug", "sep", "sept", "oct", "nov", "dec", "u.s", "u.k", "u.n", "d.c", "a.m", "p.m", "ph.d", "b.c", "a.d", "z.b", "bzw", "usw", "nr",
    };

    // These may end a sentence as well: what follows decides.
    private static readonly HashSet<string> MayEnd = new(StringComparer.OrdinalIgnoreCase) { "no", "etc", "u.s", "u.k", "u.n", "d.c", "a.m", "p.m", "ph.d", "b.c", "a.d", "inc", "ltd", "co", "corp", "jr", "sr", "al", "usw" };

    /// <summary>Start and end (exclusive) of each sentence, in UTF-16 indexes.</summary>
    public static IReadOnlyList<(int Start, int End)> Split(string text)
    {
        List<(int, int)> sentences = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            // A run of enders is judged once, as a whole.
            int run = AfterRun(text, i);
            int end = text[i] == '\n' ? AtLine(text, i) : run == i ? -1 : WideEnders.Contains(text[run - 1]) ? Close(text, run) : AfterEnder(text, start, i, run);
            if (end > start)
            {
                Add(sentences, text, start, end);
                start = AfterSpace(text, end);
            }
            i = Math.Max(i, Math.Max(end, run) - 1);
        }
        Add(sentences, text, start, text.Length);
        return sentences;
    }

    /// <summary>A new line ends a sentence when a blank line or a list item follows.</summary>
    private static int AtLine(string text, int newLine)
    {
        int next = newLine + 1;
        while (next < text.Length && text[next] is ' ' or '\t' or '\r')
        {
            next++;
        }
        return next < text.Length && (text[next] == '\n' || IsListItem(text, next)) ? next : -1;
    }

    private static bool IsListItem(string text, int at)
    {
        if (text[at] is '-' or '*' or '+' or '•')
        {
            return at + 1 < text.Length && text[at + 1] is ' ' or '\t';
        }
        int digits = at;
        while (digits < text.Length && digits - at < 4 && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }
        return digits > at && digits + 1 < text.Length && text[digits] is '.' or ')' && text[digits + 1] == ' ';
    }

    /// <summary>The end of the sentence that may end at an ender; -1 when it goes on.</summary>
    private static int AfterEnder(string text, int start, int at, int run)
    {
        bool single = text[at] == '.' && run == at + 1;
        int end = Close(text, run);
        if (end == text.Length)
        {
            return end;
        }
        if (!char.IsWhiteSpace(text[end]))
        {
            return -1;
        }
        int next = AfterSpace(text, end);
        return next < text.Length && (!MayBegin(text, next) || (single && IsAbbreviation(text, start, at, next))) ? -1 : end;
    }

    private static int AfterSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
        return at;
    }

    private static int AfterRun(string text, int at)
    {
        while (at < text.Length && (Enders.Contains(text[at]) || WideEnders.Contains(text[at])))
        {
            at++;
        }
        return at;
    }

    private static int Close(string text, int end)
    {
        while (end < text.Length && Closers.Contains(text[end]))
        {
            end++;
        }
        return end;
    }

    /// <summary>Anything but a lower-case letter or a joining mark may begin a sentence.</summary>
    private static bool MayBegin(string text, int at) => Openers.Contains(text[at]) || CharUnicodeInfo.GetUnicodeCategory(text, at)
        is not (UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.ClosePunctuation) || text[at] is '#' or '*' or '-' or '&' or '@';

    private static bool IsAbbreviation(string text, int start, int dot, int next)
    {
        int first = dot;
        while (first > start && !char.IsWhiteSpace(text[first - 1]) && !Openers.Contains(text[first - 1]))
        {
            first--;
        }
        string word = text[first..dot];
        // The number of a list item: "1. First"; but "in 1999. Then" ends.
        if (first == start && word.Length is > 0 and < 4 && word.All(char.IsAsciiDigit))
        {
            return true;
        }
        // An initial: "J. Smith"; but "vitamin C. It" ends, because a plain word comes before it.
        if (word.Length == 1 && char.IsUpper(word[0]))
        {
            return char.IsUpper(text[next]) && (first == start || IsName(text, start, first));
        }
        return Abbreviations.Contains(word) && (!MayEnd.Contains(word) || char.IsDigit(text[next]));
    }

    /// <summary>Whether the word before an index looks like part of a name: upper case, or another initial.</summary>
    private static bool IsName(string text, int start, int end)
    {
        int last = end - 1;
        while (last > start && char.IsWhiteSpace(text[last]))
        {
            last--;
        }
        int first = last;
        while (first > start && !char.IsWhiteSpace(text[first - 1]))
        {
            first--;
        }
        return char.IsUpper(text[first]) || text[last] == '.';
    }

    private static void Add(List<(int, int)> sentences, string text, int start, int end)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
        {
            start++;
        }
        while (end > start && char.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }
        if (start < end)
        {
            sentences.Add((start, end));
        }
    }
}
