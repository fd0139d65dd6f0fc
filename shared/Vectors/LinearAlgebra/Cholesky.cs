namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>A = L L' of a symmetric positive definite matrix, to solve A X = B.</summary>
public sealed class Cholesky
{
    private readonly Matrix _lower;

    private Cholesky(Matrix lower) => _lower = lower;

    /// <summary>Factors; only the lower triangle of the input is read.</summary>
    /// <exception cref="ArgumentException">Not square or not positive definite; the message names the pivot.</exception>
    public static Cholesky Of(Matrix matrix)
    {
        if (matrix.Rows != matrix.Columns)
        {
            throw new ArgumentException($"Cholesky needs a square matrix; this one is {matrix.Rows} x {matrix.Columns}.", nameof(matrix));
        }
        Matrix lower = new(matrix.Rows, matrix.Rows);
        for (int i = 0; i < matrix.Rows; i++)
        {
            for (int j = 0; j < i; j++)
            {
                lower[i, j] = (matrix[i, j] - Matrix.Dot(lower.Row(i)[..j], lower.Row(j)[..j])) / lower[j, j];
            }
            double pivot = matrix[i, i] - Matrix.Dot(lower.Row(i)[..i], lower.Row(i)[..i]);
            if (!(pivot > 0))
            {
                throw new ArgumentException($"The matrix is not positive definite: pivot {i} of {matrix.Rows} is {pivot}. Add a small multiple of the identity.", nameof(matrix));
            }
            lower[i, i] = Math.Sqrt(pivot);
        }
        return new Cholesky(lower);
    }

    /// <summary>X of A X = B, one column of B at a time or all at once.</summary>
    public Matrix Solve(Matrix b)
    {
        Matrix x = new(b.Rows, b.Columns, [.. b.Values]);
        for (int i = 0; i < x.Rows; i++)
        {
            Eliminate(x, i, 0, i, j => _lower[i, j]);
        }
        for (int i = x.Rows - 1; i >= 0; i--)
        {
            Eliminate(x, i, i + 1, x.Rows, j => _lower[j, i]);
        }
        return x;
    }

    private void Eliminate(Matrix x, int row, int from, int to, Func<int, double> factor)
    {
        for (int j = from; j < to; j++)
        {
            Matrix.AddScaled(-factor(j), x.Row(j), x.Row(row));
        }
        foreach (ref double value in x.Row(row))
        {
            value /= _lower[row, row];
        }
    }
}
