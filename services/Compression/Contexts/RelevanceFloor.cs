namespace Retrieval.Compression;

/// <summary>The first rung: passages whose best sentence is far behind the best of all.</summary>
internal static class RelevanceFloor
{
    /// <summary>What remains.</summary>
    /// <param name="ranked">Sentences with scores.</param>
    /// <param name="distance">A passage stays when its best score is within this of the best of all.</param>
    public static Ranked Apply(Ranked ranked, double distance)
    {
        double best = ranked.Scores.Max();
        HashSet<int> near = [.. ranked.Sentences.Where((_, i) => ranked.Scores[i] >= best - distance).Select(s => s.Passage)];
        return ranked.Where(i => near.Contains(ranked.Sentences[i].Passage));
    }

    /// <summary>The sentences whose index passes.</summary>
    public static Ranked Where(this Ranked ranked, Func<int, bool> keep)
    {
        int[] kept = [.. Enumerable.Range(0, ranked.Scores.Length).Where(keep)];
        return ranked with { Sentences = [.. kept.Select(i => ranked.Sentences[i])], Scores = [.. kept.Select(i => ranked.Scores[i])] };
    }
}
