namespace Retrieval.Compression;

/// <summary>Share of the query's words in a sentence, each weighted by how few of the sentences hold it (idf over the sentences at hand).</summary>
internal static class WordOverlap
{
    /// <summary>One share in 0..1 a text.</summary>
    public static double[] Score(string query, string[] texts)
    {
        string[] wanted = [.. Words.In(query).Distinct(StringComparer.Ordinal)];
        HashSet<string>[] held = [.. texts.Select(t => Words.In(t).ToHashSet(StringComparer.Ordinal))];
        double[] weight = [.. wanted.Select(w => Math.Log(1 + (texts.Length + 0.5) / (held.Count(h => h.Contains(w)) + 0.5)))];
        double all = weight.Sum();
        return [.. held.Select(h => all == 0 ? 0 : wanted.Zip(weight).Where(w => h.Contains(w.First)).Sum(w => w.Second) / all)];
    }
}
