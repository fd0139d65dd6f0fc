namespace Retrieval.Onnx;

/// <summary>Channels of an activation divided by factors, rows of its weights multiplied by them: the product stays, the range moves to where it does less harm.</summary>
internal static class Smoothing
{
    // A channel that the calibration never saw above this, or whose weights are all below it, is as good as empty.
    private const float Floor = 1e-5f;

    /// <summary>max|x|^alpha / max|w|^(1-alpha) for each channel (arXiv 2211.10438, eq. 4).</summary>
    /// <param name="maxima">max|x| of each channel.</param>
    /// <param name="weights">Matrices (channels, columns) that the activation meets.</param>
    /// <param name="alpha">Share of the activation's range that is moved.</param>
    public static float[] Factors(float[] maxima, IEnumerable<float[]> weights, double alpha)
    {
        float[] largest = new float[maxima.Length];
        foreach (float[] matrix in weights)
        {
            int columns = matrix.Length / maxima.Length;
            for (int i = 0; i < matrix.Length; i++)
            {
                largest[i / columns] = Math.Max(largest[i / columns], Math.Abs(matrix[i]));
            }
        }
        return [.. maxima.Zip(largest, (x, w) => (float)(Math.Pow(Math.Max(x, Floor), alpha) / Math.Pow(Math.Max(w, Floor), 1 - alpha)))];
    }

    /// <summary>Multiplies each row of a matrix by its factor.</summary>
    public static float[] Scaled(float[] matrix, float[] factors)
    {
        int columns = matrix.Length / factors.Length;
        return [.. matrix.Select((w, i) => w * factors[i / columns])];
    }
}
