namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>A symmetric positive definite matrix as L times its transpose, for solving with many right sides.</summary>
public sealed class Cholesky
{
    private readonly Matrix _lower;

    private Cholesky(Matrix lower) => _lower = lower;

    /// <summary>Factors a matrix, of which the lower half is read.</summary>
    /// <exception cref="ArgumentException">It is not square, or not positive definite to float64's precision; which row shows it.</exception>
    public static Cholesky Of(Matrix symmetric)
    {
        int n = symmetric.Rows == symmetric.Columns ? symmetric.Rows : throw new ArgumentException($"A matrix of {symmetric.Rows} x {symmetric.Columns} is not square.", nameof(symmetric));
        Matrix lower = new(n, n);
        for (int i = 0; i < n; i++)
        {
            Span<double> row = lower.Row(i);
            for (int j = 0; j < i; j++)
            {
                row[j] = (symmetric[i, j] - Matrix.Dot(row[..j], lower.Row(j)[..j])) / lower[j, j];
            }
            double square = symmetric[i, i] - Matrix.Dot(row[..i], row[..i]);
            row[i] = square > 0 && double.IsFinite(square) ? Math.Sqrt(square)
                : throw new ArgumentException($"The matrix is not positive definite (row {i} of {n}): add to its diagonal.", nameof(symmetric));
        }
        return new Cholesky(lower);
    }

    /// <summary>X with matrix x X = right side.</summary>
    public Matrix Solve(Matrix rightSide)
    {
        int n = _lower.Rows;
        Matrix x = rightSide.Rows == n ? rightSide.Copy() : throw new ArgumentException($"A right side of {rightSide.Rows} rows does not fit a matrix of {n}.", nameof(rightSide));
        for (int i = 0; i < n; i++)
        {
            Reduce(x, i, 0, i, k => _lower[i, k]);
        }
        for (int i = n - 1; i >= 0; i--)
        {
            Reduce(x, i, i + 1, n, k => _lower[k, i]);
        }
        return x;
    }

    private void Reduce(Matrix x, int i, int from, int to, Func<int, double> factor)
    {
        Span<double> row = x.Row(i);
        for (int k = from; k < to; k++)
        {
            Matrix.AddScaled(-factor(k), x.Row(k), row);
        }
        foreach (ref double value in row)
        {
            value /= _lower[i, i];
        }
    }
}
