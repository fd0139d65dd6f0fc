namespace Retrieval.Host;

/// <summary>What somebody may have meant.</summary>
internal static class Nearest
{
    /// <summary>"Did you mean 'x'? " or nothing.</summary>
    public static string Suggest(string word, IEnumerable<string> known)
    {
        (string Name, int Distance) best = known.Select(k => (k, Distance(word.ToUpperInvariant(), k.ToUpperInvariant()))).DefaultIfEmpty(("", int.MaxValue)).MinBy(k => k.Item2);
        return best.Distance <= Math.Max(1, word.Length / 3) ? $"Did you mean '{best.Name}'? " : "";
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
