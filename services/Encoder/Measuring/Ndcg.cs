namespace Retrieval.Encoder;

/// <summary>Normalised discounted cumulative gain with linear gains, as trec_eval computes it (Järvelin and Kekäläinen 2002).</summary>
internal static class Ndcg
{
    /// <summary>nDCG at a depth.</summary>
    public static double At(int depth, IEnumerable<string> ranking, IReadOnlyDictionary<string, double> gains)
    {
        double ideal = Discounted(gains.Values.OrderDescending().Take(depth));
        return ideal == 0 ? 0 : Discounted(ranking.Take(depth).Select(d => gains.GetValueOrDefault(d))) / ideal;
    }

    private static double Discounted(IEnumerable<double> gains) => gains.Select((gain, i) => gain / Math.Log2(i + 2)).Sum();
}
