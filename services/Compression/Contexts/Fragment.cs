using Retrieval.Tokenization;

namespace Retrieval.Compression;

/// <summary>The part of a sentence that answers best within so many tokens: whole clauses, or whole words where no clause fits.</summary>
/// <param name="passages">The passages.</param>
/// <param name="tokenizer">Counts.</param>
/// <param name="protectedSpans">Not to be cut.</param>
internal sealed class Fragment(IReadOnlyList<string> passages, Tokenizer tokenizer, ProtectedSpans protectedSpans)
{
    private const string AfterThese = ",;:–—)]，、；：）」", BeforeThese = "([（「";

    /// <summary>Null when nothing fits.</summary>
    /// <param name="sentence">A sentence that does not fit.</param>
    /// <param name="match">How its tokens meet the query's; null without a query: then the beginning is best.</param>
    /// <param name="room">Tokens.</param>
    /// <param name="words">Cut between words where no clause fits.</param>
    public (Pick Pick, double Score, int Tokens)? Best(Sentence sentence, PassageMatch? match, int room, bool words)
    {
        string text = passages[sentence.Passage];
        List<(int Start, int End)> whole = protectedSpans.In(sentence.In(passages).ToString());
        bool IsFree(int at) => !whole.Exists(s => sentence.Start + s.Start < at && at < sentence.Start + s.End);
        return Among([sentence.Start, .. Clauses(text, sentence).Where(IsFree), sentence.End], sentence, match, room)
            ?? (words ? Among([sentence.Start, .. WordStarts(text, sentence).Where(IsFree), sentence.End], sentence, match, room) : null);
    }

    /// <summary>The best run of neighbouring pieces; of two as good the shorter, then the earlier.</summary>
    private (Pick, double, int)? Among(List<int> cuts, Sentence sentence, PassageMatch? match, int room)
    {
        string text = passages[sentence.Passage];
        int[] tokens = [.. cuts.Zip(cuts.Skip(1), (a, b) => tokenizer.Count(text.AsSpan(a, b - a).Trim()))];
        (Pick Pick, double Score, int Tokens)? best = null;
        for (int first = 0; first < tokens.Length; first++)
        {
            int sum = 0;
            for (int last = first; last < tokens.Length && (sum += tokens[last]) <= room; last++)
            {
                (int start, int end) = Trim(text, cuts[first], cuts[last + 1]);
                double score = end <= start || sum == 0 ? double.NegativeInfinity : match?.Score(start, end) ?? (first == 0 ? 0 : double.NegativeInfinity);
                if (score > (best?.Score ?? double.NegativeInfinity) || (match is null && score == best?.Score))
                {
                    best = (new Pick(sentence, start, end), score, sum);
                }
            }
        }
        return best;
    }

    private static IEnumerable<int> Clauses(string text, Sentence sentence)
    {
        for (int i = sentence.Start + 1; i < sentence.End; i++)
        {
            bool spaced = char.IsWhiteSpace(text[i]) || text[i - 1] > 0x2FFF; // wide punctuation has no space behind it
            if ((AfterThese.Contains(text[i - 1]) && spaced) || (BeforeThese.Contains(text[i]) && (char.IsWhiteSpace(text[i - 1]) || text[i] > 0x2FFF)))
            {
                yield return i;
            }
        }
    }

    /// <summary>Starts of words, or of characters that stand for words.</summary>
    private static IEnumerable<int> WordStarts(string text, Sentence sentence)
    {
        for (int i = sentence.Start + 1; i < sentence.End; i++)
        {
            if (!char.IsLowSurrogate(text[i]) && (char.IsWhiteSpace(text[i - 1]) ? !char.IsWhiteSpace(text[i]) : text[i] is > '\u2E7F' and < '\uFB00'))
            {
                yield return i;
            }
        }
    }

    private static (int Start, int End) Trim(string text, int start, int end)
    {
        while (start < end && (char.IsWhiteSpace(text[start]) || text[start] is ',' or ';'))
        {
            start++;
        }
        while (end > start && (char.IsWhiteSpace(text[end - 1]) || text[end - 1] is ',' or ';' or ':'))
        {
            end--;
        }
        return (start, end);
    }
}
