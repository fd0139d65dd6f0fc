namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// An affine map between two vector spaces, y = W x + b, fitted in closed form to pairs of rows. The training-free form of LEAF's projection
/// (arXiv 2509.12539): with it one encoder answers in another's space.
/// </summary>
/// <param name="Weights">Outputs x inputs.</param>
/// <param name="Bias">One an output.</param>
public sealed record LinearFit(Matrix Weights, double[] Bias)
{
    /// <summary>
    /// W = (S'S + lambda I)^-1 S'T over centred rows, with the bias that takes the mean of S to the mean of T: the least squares fit, held back
    /// by the penalty where S hardly varies.
    /// </summary>
    /// <param name="from">S, one row a pair.</param>
    /// <param name="to">T, as many rows.</param>
    /// <param name="penalty">lambda as a share of the mean variance of S's columns, larger than 0.</param>
    /// <exception cref="ArgumentException">Row counts differ, no rows, or S does not vary at all.</exception>
    public static LinearFit Ridge(Matrix from, Matrix to, double penalty)
    {
        (Matrix s, double[] meanS, Matrix t, double[] meanT) = Centred(from, to);
        Matrix gram = Cross(s, s);
        double lambda = penalty * Enumerable.Range(0, gram.Rows).Sum(i => gram[i, i]) / gram.Rows;
        for (int i = 0; i < gram.Rows; i++)
        {
            gram[i, i] += lambda;
        }
        return WithBias(Cholesky.Of(gram).Solve(Cross(s, t)).Transposed(), meanS, meanT);
    }

    /// <summary>
    /// The rotation (with reflection) that brings the centred rows of S closest to those of T. It keeps lengths and angles, so it cannot fit noise.
    /// </summary>
    /// <exception cref="ArgumentException">Row counts or dimensions differ, or there are no rows.</exception>
    public static LinearFit Procrustes(Matrix from, Matrix to, CancellationToken cancellationToken)
    {
        if (from.Columns != to.Columns)
        {
            throw new ArgumentException($"A rotation needs equal dimensions, not {from.Columns} and {to.Columns}.", nameof(to));
        }
        (Matrix s, double[] meanS, Matrix t, double[] meanT) = Centred(from, to);
        return WithBias(Rotations.Procrustes(Cross(s, t), cancellationToken).Transposed(), meanS, meanT);
    }

    /// <summary>Maps one vector.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        double[] x = new double[input.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = input[i];
        }
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = (float)(Matrix.Dot(Weights.Row(i), x) + Bias[i]);
        }
    }

    private static LinearFit WithBias(Matrix weights, double[] meanFrom, double[] meanTo) =>
        new(weights, [.. meanTo.Select((m, i) => m - Matrix.Dot(weights.Row(i), meanFrom))]);

    /// <summary>A'B, in double: what is inverted afterwards needs the digits.</summary>
    private static Matrix Cross(Matrix a, Matrix b)
    {
        Matrix sum = new(a.Columns, b.Columns);
        for (int r = 0; r < a.Rows; r++)
        {
            for (int i = 0; i < a.Columns; i++)
            {
                Matrix.AddScaled(a[r, i], b.Row(r), sum.Row(i));
            }
        }
        return sum;
    }

    private static (Matrix S, double[] MeanS, Matrix T, double[] MeanT) Centred(Matrix from, Matrix to)
    {
        if (from.Rows != to.Rows || from.Rows == 0)
        {
            throw new ArgumentException($"{from.Rows} rows cannot be fitted to {to.Rows}: rows are pairs, at least one.", nameof(to));
        }
        (Matrix s, double[] meanS) = Centred(from);
        (Matrix t, double[] meanT) = Centred(to);
        return (s, meanS, t, meanT);
    }

    private static (Matrix, double[]) Centred(Matrix rows)
    {
        double[] mean = new double[rows.Columns];
        for (int r = 0; r < rows.Rows; r++)
        {
            Matrix.AddScaled(1.0 / rows.Rows, rows.Row(r), mean);
        }
        Matrix centred = new(rows.Rows, rows.Columns, [.. rows.Values]);
        for (int r = 0; r < rows.Rows; r++)
        {
            Matrix.AddScaled(-1, mean, centred.Row(r));
        }
        return (centred, mean);
    }
}
