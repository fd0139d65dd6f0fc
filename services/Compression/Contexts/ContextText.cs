using System.Globalization;
using System.Text;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>The printed form of a choice: neighbouring sentences join, <c>[n]</c> stands before each citation, a new line between passages.</summary>
internal sealed record ContextText(string Text, IReadOnlyList<PassageCitation> Citations, IReadOnlyList<KeptSpan> Kept)
{
    /// <summary>In original order, passages by rank.</summary>
    public static ContextText Of(IEnumerable<Pick> picks, IReadOnlyList<string> passages)
    {
        List<PassageCitation> citations = [];
        List<KeptSpan> kept = [];
        Pick? last = null;
        foreach (Pick pick in picks.OrderBy(p => p.Sentence.Passage).ThenBy(p => p.Sentence.Ordinal))
        {
            bool joins = last is not null && last.Sentence.Passage == pick.Sentence.Passage && last.Sentence.Ordinal + 1 == pick.Sentence.Ordinal && last.End == last.Sentence.End && pick.Start == pick.Sentence.Start;
            if (joins)
            {
                citations[^1] = citations[^1] with { End = pick.End, Fragment = citations[^1].Fragment || pick.IsFragment };
            }
            else
            {
                citations.Add(new PassageCitation(citations.Count + 1, pick.Sentence.Passage, pick.Start, pick.End, null, pick.IsFragment));
            }
            foreach ((int start, int end) in pick.Spans ?? [(pick.Start, pick.End)])
            {
                bool continues = joins && last!.Spans is null && pick.Spans is null;
                kept.Add(continues ? kept[^1] with { End = end } : new KeptSpan(pick.Sentence.Passage, start, end, citations.Count));
                if (continues)
                {
                    kept.RemoveAt(kept.Count - 2);
                }
            }
            last = pick;
        }
        return new ContextText(Render(citations, kept, passages), citations, kept);
    }

    private static string Render(List<PassageCitation> citations, List<KeptSpan> kept, IReadOnlyList<string> passages)
    {
        StringBuilder text = new();
        int shown = 0;
        foreach (KeptSpan span in kept)
        {
            if (text.Length > 0)
            {
                text.Append(span.Citation == shown || citations[span.Citation - 2].Passage == span.Passage ? ' ' : '\n');
            }
            if (span.Citation != shown)
            {
                shown = span.Citation;
                text.Append(CultureInfo.InvariantCulture, $"[{shown}] ");
            }
            text.Append(passages[span.Passage], span.Start, span.End - span.Start);
        }
        return text.ToString();
    }
}
