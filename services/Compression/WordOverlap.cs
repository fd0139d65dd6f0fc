namespace Retrieval.Compression;

/// <summary>Share of the query's words in a sentence, each weighted by how few of the sentences hold it (idf over the sentences at hand).</summary>
internal static class WordOverlap
{
    /// <summary>One share in 0..1 a text.</summary>
    public static double[] Score(string query, string[] texts)
    {
        string[] wanted = [.. Words(query).Distinct(StringComparer.Ordinal)];
        HashSet<string>[] held = [.. texts.Select(t => Words(t).ToHashSet(StringComparer.Ordinal))];
        double[] weight = [.. wanted.Select(w => Math.Log(1 + (texts.Length + 0.5) / (held.Count(h => h.Contains(w)) + 0.5)))];
        double all = weight.Sum();
        return [.. held.Select(h => all == 0 ? 0 : wanted.Zip(weight).Where(w => h.Contains(w.First)).Sum(w => w.Second) / all)];
    }

    private static IEnumerable<string> Words(string text)
    {
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool inWord = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (inWord && start < 0)
            {
                start = i;
            }
            else if (!inWord && start >= 0)
            {
                yield return text[start..i].ToLowerInvariant();
                start = -1;
            }
        }
    }
}
