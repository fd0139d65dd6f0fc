namespace Retrieval.Gateway;

/// <summary>Weighted reciprocal rank fusion (Cormack et al. 2009): score = sum over channels of weight / (k + rank), rank from 1.</summary>
internal static class Fusion
{
    /// <summary>The best <paramref name="top"/> rows; at equal score the row that an earlier channel ranks first.</summary>
    public static List<(long Row, double Score)> ReciprocalRank(double k, int top, params ReadOnlySpan<(long[] Rows, double Weight)> channels)
    {
        Dictionary<long, double> scores = [];
        List<long> order = [];
        foreach ((long[] rows, double weight) in channels)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                if (!scores.TryGetValue(rows[i], out double score))
                {
                    order.Add(rows[i]);
                }
                scores[rows[i]] = score + weight / (k + i + 1);
            }
        }
        return [.. order.Select(row => (row, scores[row])).OrderByDescending(r => r.Item2).Take(top)];
    }
}
