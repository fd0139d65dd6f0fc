using System.Text.RegularExpressions;

namespace Retrieval.Compression;

/// <summary>
/// What no fragment cuts and no pruning leaves out: numbers with their units, identifiers, code, addresses, quotations, negations, the heads of tables, and what the request names.
/// </summary>
internal sealed partial class ProtectedSpans(IReadOnlyList<string>? named)
{
    private readonly string[] _named = [.. (named ?? []).Where(n => n.Length > 0)];

    /// <summary>Spans in a text, merged where they overlap, in order.</summary>
    public List<(int Start, int End)> In(string text)
    {
        List<(int Start, int End)> spans = [.. Pattern().Matches(text).Select(m => (m.Index, m.Index + m.Length))];
        foreach (string name in _named)
        {
            for (int at = text.IndexOf(name, StringComparison.Ordinal); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.Ordinal))
            {
                spans.Add((at, at + name.Length));
            }
        }
        spans.Sort();
        List<(int Start, int End)> merged = [];
        foreach ((int start, int end) in spans)
        {
            if (merged.Count > 0 && start <= merged[^1].End)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, end));
            }
            else
            {
                merged.Add((start, end));
            }
        }
        return merged;
    }

    /// <summary>The protected words of a sentence.</summary>
    public IEnumerable<string> In(Sentence sentence, IReadOnlyList<string> passages)
    {
        string text = sentence.In(passages).ToString();
        return In(text).Select(s => text[s.Start..s.End]);
    }

    // In turn: code between backquotes; addresses of the web and of mail; quotations of one line; the head of a Markdown table (the row above its rule); numbers with sign, groups,
    // fraction, exponent and a unit or percent sign behind them; identifiers: with a digit, an underscore, a dot or slash inside, or a capital after a small letter; words that negate
    // in English, German, French, Spanish, Italian.
    [GeneratedRegex("""
        `[^`\n]+` | \bhttps?://[^\s<>"')\]]+ | \b[\w.+-]+@[\w-]+(?:\.[\w-]+)+ | "[^"\n]{1,300}" | “[^”\n]{1,300}” | «[^»\n]{1,300}» | „[^“”\n]{1,300}[“”]
        | ^\|.*\|[ \t]*(?=\r?\n\|[ \t:|-]+\|)
        | [$€£¥]?[+\-−]?\d+(?:[.,:/]\d+)*(?:[eE][+-]?\d+)?(?:[ \u00a0]?(?:%|‰|°[CFK]?)|[ \u00a0]?(?:[kKMGTPµmcd]?(?:m|g|s|W|V|A|Hz|B|L|l|J|N|Pa|eV|Wh|mol)[²³]?(?:/[a-z]+)?|mph|ft|lbs?|oz|hours?|minutes?|seconds?|days?|years?|percent|million|billion|thousand|dollars?|euros?)\b)?
        | \b\w*(?:_\w+|\d[\w-]*[A-Za-z]|[A-Za-z][\w-]*\d)\w*\b | \b\w+(?:(?:\.|/|::|->)\w+)+(?:\(\))? | \b\w*\p{Ll}\p{Lu}\w*\b
        | \b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|unless|except|\w+n['’]t|nicht|kein\w*|nie|niemals|ohne|ne|pas|jamais|sans|aucune?|nunca|jam[aá]s|sin|ningun[oa]?|non|mai|senza)\b
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Multiline | RegexOptions.CultureInvariant, 2000)]
    private static partial Regex Pattern();
}
