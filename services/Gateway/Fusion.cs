namespace Retrieval.Gateway;

/// <summary>Two ranked channels to one list.</summary>
internal static class Fusion
{
    /// <summary>
    /// Relative scores (a convex combination after min-max, Bruch, Gai and Ingber 2023): each channel's scores are stretched over its own candidates, the best to 1 and the last to 0,
    /// weighted and summed; a row that a channel lacks has 0 there. Keeps how far the best stand out, which ranks forget. At equal score the row that an earlier channel ranks first.
    /// </summary>
    public static List<(long Row, double Score)> RelativeScore(int top, params ReadOnlySpan<(IReadOnlyList<(long Row, double Score)> Hits, double Weight)> channels)
    {
        Sums sums = new();
        foreach ((IReadOnlyList<(long Row, double Score)> hits, double weight) in channels)
        {
            double last = hits.Count > 0 ? hits[^1].Score : 0, range = hits.Count > 0 ? hits[0].Score - last : 0;
            foreach ((long row, double score) in hits)
            {
                sums.Add(row, weight * (range > 0 ? (score - last) / range : 1));
            }
        }
        return sums.Best(top);
    }

    /// <summary>Weighted reciprocal rank fusion (Cormack et al. 2009): score = sum over channels of weight / (k + rank), rank from 1; at equal score the row that an earlier channel ranks first.</summary>
    public static List<(long Row, double Score)> ReciprocalRank(double k, int top, params ReadOnlySpan<(long[] Rows, double Weight)> channels)
    {
        Sums sums = new();
        foreach ((long[] rows, double weight) in channels)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                sums.Add(rows[i], weight / (k + i + 1));
            }
        }
        return sums.Best(top);
    }

    /// <summary>A sum a row; rows in order of appearance.</summary>
    private sealed class Sums
    {
        private readonly Dictionary<long, double> _scores = [];
        private readonly List<long> _order = [];

        public void Add(long row, double score)
        {
            if (!_scores.TryGetValue(row, out double sum))
            {
                _order.Add(row);
            }
            _scores[row] = sum + score;
        }

        public List<(long Row, double Score)> Best(int top) => [.. _order.Select(row => (row, _scores[row])).OrderByDescending(r => r.Item2).Take(top)];
    }
}
