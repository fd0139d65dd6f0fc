using System.Globalization;
using System.Text;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>The printed form of a choice of sentences: neighbours join, <c>[n]</c> stands before each span, a new line between passages.</summary>
internal static class ContextText
{
    /// <summary>Spans of the chosen sentences in original order, passages by rank.</summary>
    public static List<KeptSpan> Spans(IEnumerable<Sentence> chosen)
    {
        List<KeptSpan> spans = [];
        Sentence? last = null;
        foreach (Sentence s in chosen.OrderBy(s => s.Passage).ThenBy(s => s.Ordinal))
        {
            if (last is { } l && l.Passage == s.Passage && l.Ordinal + 1 == s.Ordinal)
            {
                spans[^1] = spans[^1] with { End = s.End };
            }
            else
            {
                spans.Add(new KeptSpan(s.Passage, s.Start, s.End));
            }
            last = s;
        }
        return spans;
    }

    /// <summary>The text; span n is what stands behind <c>[n]</c>.</summary>
    public static string Render(IReadOnlyList<KeptSpan> spans, IReadOnlyList<string> passages)
    {
        StringBuilder text = new();
        for (int i = 0; i < spans.Count; i++)
        {
            KeptSpan s = spans[i];
            if (i > 0)
            {
                text.Append(spans[i - 1].Passage == s.Passage ? ' ' : '\n');
            }
            text.Append(CultureInfo.InvariantCulture, $"[{i + 1}] ").Append(passages[s.Passage], s.Start, s.End - s.Start);
        }
        return text.ToString();
    }
}
