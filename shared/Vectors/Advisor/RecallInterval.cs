namespace Retrieval.Vectors.Advisor;

/// <summary>A mean recall, and between what the true one lies with 95 %.</summary>
/// <param name="Value">The mean over the queries.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public sealed record RecallInterval(double Value, double Low, double High)
{
    private const double Z = 1.96;

    /// <summary>
    /// Wilson's interval, which stays within 0 to 1 and has a width even where every query is perfect. Neighbours of one query are not independent: the
    /// number of trials is what the variance between queries says, no fewer than queries and no more than neighbours.
    /// </summary>
    /// <param name="recalls">Of each query.</param>
    /// <param name="depth">Neighbours of a query.</param>
    public static RecallInterval Of(IReadOnlyList<double> recalls, int depth)
    {
        int n = recalls.Count;
        double mean = recalls.Average(), between = recalls.Sum(r => (r - mean) * (r - mean)) / Math.Max(1, n - 1) / n;
        double trials = between > 0 ? Math.Clamp(mean * (1 - mean) / between, n, (double)n * depth) : (double)n * depth;
        double centre = (mean + Z * Z / (2 * trials)) / (1 + Z * Z / trials);
        double half = Z * Math.Sqrt(mean * (1 - mean) / trials + Z * Z / (4 * trials * trials)) / (1 + Z * Z / trials);
        // Rounding must not leave the mean outside where it is an end itself.
        return new RecallInterval(mean, Math.Clamp(centre - half, 0, mean), Math.Clamp(centre + half, mean, 1));
    }
}
