namespace Retrieval.Compression;

/// <summary>
/// The second rung: a sentence that says again what one before it says. Two say the same when they share most of their words and differ in no number, negation or protected span:
/// vectors are too alike for "in 1912" and "in 1921".
/// </summary>
internal static class NearDuplicates
{
    private const double LeastShared = 0.8; // Jaccard, of the sets of words
    private const int LeastWords = 4;

    /// <summary>What remains; of two alike the one with the better score.</summary>
    public static Ranked Drop(Ranked ranked, IReadOnlyList<string> passages, ProtectedSpans protectedSpans)
    {
        HashSet<string>[] words = [.. ranked.Sentences.Select(s => Words.In(s.In(passages).ToString()).ToHashSet(StringComparer.Ordinal))];
        string[] facts = [.. ranked.Sentences.Select(s => string.Join('\n', protectedSpans.In(s, passages).Select(f => f.ToUpperInvariant()).Order(StringComparer.Ordinal)))];
        List<int> kept = [];
        foreach (int i in Enumerable.Range(0, words.Length).OrderByDescending(i => ranked.Scores[i]).ThenBy(i => i))
        {
            if (words[i].Count < LeastWords || !kept.Exists(k => Same(words[i], words[k]) && facts[i] == facts[k]))
            {
                kept.Add(i);
            }
        }
        HashSet<int> rest = [.. kept];
        return ranked.Where(rest.Contains);
    }

    private static bool Same(HashSet<string> a, HashSet<string> b)
    {
        (int few, int many) = (Math.Min(a.Count, b.Count), Math.Max(a.Count, b.Count));
        if (few < LeastShared * many)
        {
            return false;
        }
        int shared = a.Count(b.Contains);
        return shared >= LeastShared * (a.Count + b.Count - shared);
    }
}
