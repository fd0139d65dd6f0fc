namespace Retrieval.Vectors.Codecs.Principal;

/// <summary>The levels of a scalar quantiser of 1 to 8 bits that minimise the squared error (Lloyd 1957, Max 1960).</summary>
internal static class ScalarLevels
{
    /// <summary>More bits than a byte are not worth it in one dimension.</summary>
    public const int MostBits = 8;

    // Cells of the density's grid over +-Reach, and rounds; a finer grid or more rounds change the sixth digit.
    private const int Cells = 1 << 14, Rounds = 60, FitRounds = 20;
    private const double Reach = 6;

    private static readonly (double Point, double Weight)[] Density = [.. Enumerable.Range(0, Cells).Select(i => (i + 0.5) * 2 * Reach / Cells - Reach).Select(x => (x, Math.Exp(-x * x / 2)))];
    private static readonly Lazy<double[][]> Tables = new(() => [.. Enumerable.Range(0, MostBits + 1).Select(b => Refine(Start(1 << b), Density, Rounds))]);
    private static readonly Lazy<double[]> Errors = new(() => [.. Tables.Value.Select(Error)]);

    /// <summary>Levels for normal numbers of variance one, ascending.</summary>
    public static double[] Gaussian(int bits) => Tables.Value[bits];

    /// <summary>Mean squared error that <see cref="Gaussian"/> leaves of variance one.</summary>
    public static double GaussianError(int bits) => Errors.Value[bits];

    /// <summary>Levels for these points, from the normal ones times <paramref name="scale"/>; rounded to binary16. Sorts the points.</summary>
    public static float[] Fit(int bits, float[] points, double scale)
    {
        Array.Sort(points);
        return Halves.Round([.. Refine([.. Gaussian(bits).Select(l => l * scale)], [.. points.Select(p => ((double)p, 1.0))], FitRounds).Select(l => (float)l)]);
    }

    /// <summary>The nearest level; between two the lower.</summary>
    public static int Nearest(ReadOnlySpan<float> levels, float x)
    {
        int low = 0, high = levels.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = x - levels[middle] > levels[middle + 1] - x ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    /// <summary>Panter and Dite: the best levels of many lie as the cube root of the density, here a normal one of three times the variance.</summary>
    private static double[] Start(int count)
    {
        double[] levels = new double[count];
        double all = Density.Sum(d => Math.Cbrt(d.Weight)), sum = 0;
        int next = 0;
        foreach ((double point, double weight) in Density)
        {
            sum += Math.Cbrt(weight);
            while (next < count && sum >= (next + 0.5) / count * all)
            {
                levels[next++] = point;
            }
        }
        return levels;
    }

    /// <summary>Lloyd's rounds over sorted points.</summary>
    private static double[] Refine(double[] levels, (double Point, double Weight)[] points, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            int level = 0;
            double sum = 0, mass = 0;
            double[] borders = [.. levels.Zip(levels.Skip(1), (a, b) => (a + b) / 2)];
            foreach ((double point, double weight) in points)
            {
                while (level < borders.Length && point > borders[level])
                {
                    Settle(levels, level++, ref sum, ref mass);
                }
                sum += point * weight;
                mass += weight;
            }
            Settle(levels, level, ref sum, ref mass);
        }
        return levels;
    }

    private static void Settle(double[] levels, int level, ref double sum, ref double mass)
    {
        levels[level] = mass > 0 ? sum / mass : levels[level];
        (sum, mass) = (0, 0);
    }

    private static double Error(double[] levels)
    {
        float[] singles = [.. levels.Select(l => (float)l)];
        return Density.Sum(d => Math.Pow(d.Point - singles[Nearest(singles, (float)d.Point)], 2) * d.Weight) / Density.Sum(d => d.Weight);
    }
}
