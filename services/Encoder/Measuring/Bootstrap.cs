namespace Retrieval.Encoder;

/// <summary>A mean with the interval that 95 of 100 repetitions would fall into.</summary>
/// <param name="Value">The mean.</param>
/// <param name="Low">2.5 % of the resampled means are lower.</param>
/// <param name="High">2.5 % are higher.</param>
public sealed record MeanInterval(double Value, double Low, double High);

/// <summary>Intervals by resampling (Efron 1979): with replacement, as many as there are, again and again. No assumption about the distribution.</summary>
internal static class Bootstrap
{
    private const int Resamples = 2000;

    /// <summary>The mean of values.</summary>
    public static MeanInterval Mean(IReadOnlyList<double> values, int seed) => Of(values.Count, draw => draw.Average(i => values[i]), seed);

    /// <summary>Any statistic of the same drawn items; for a gain, the difference of the two sides on them, so that what both share cancels.</summary>
    /// <param name="items">Number of items.</param>
    /// <param name="statistic">Gets indexes of drawn items.</param>
    /// <param name="seed">Of the draws.</param>
    public static MeanInterval Of(int items, Func<int[], double> statistic, int seed)
    {
        Random random = new(seed);
        int[] draw = new int[items];
        double[] means = new double[Resamples];
        for (int r = 0; r < Resamples; r++)
        {
            for (int i = 0; i < items; i++)
            {
                draw[i] = random.Next(items);
            }
            means[r] = statistic(draw);
        }
        Array.Sort(means);
        return new MeanInterval(statistic([.. Enumerable.Range(0, items)]), means[Resamples / 40], means[^(Resamples / 40)]);
    }
}
