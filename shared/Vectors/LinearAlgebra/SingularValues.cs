namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// A = U diag(values) V': the eigenvectors of A'A make the columns of AV nearly orthogonal, one-sided Jacobi rotations make them so to the last bits
/// (Golub and Van Loan, 8.6.3), small values included.
/// </summary>
public sealed class SingularValues
{
    private const int MostSweeps = 30;
    private const double Orthogonal = 1e-14;

    private SingularValues(Matrix left, double[] values, Matrix right) => (Left, Values, Right) = (left, values, right);

    /// <summary>Row i is the left singular vector of value i (the transpose of U); zero where the value is zero.</summary>
    public Matrix Left { get; }

    /// <summary>Largest first, as many as columns.</summary>
    public double[] Values { get; }

    /// <summary>Row i is the right singular vector of value i (the transpose of V).</summary>
    public Matrix Right { get; }

    /// <summary>Decomposes a matrix of any shape.</summary>
    public static SingularValues Of(Matrix matrix, CancellationToken cancellationToken)
    {
        Matrix transposed = matrix.Transposed();
        Matrix right = SymmetricEigen.Of(transposed * matrix, cancellationToken).Vectors, image = right * transposed;
        for (int sweep = 0; sweep < MostSweeps && Orthogonalize(image, right, cancellationToken); sweep++)
        {
        }
        return Sorted(image, right);
    }

    /// <summary>One sweep over all pairs; whether any pair had to be turned.</summary>
    private static bool Orthogonalize(Matrix image, Matrix right, CancellationToken cancellationToken)
    {
        bool turned = false;
        double[] squares = [.. Enumerable.Range(0, image.Rows).Select(i => Matrix.Dot(image.Row(i), image.Row(i)))];
        double smallest = squares.DefaultIfEmpty().Max() * 1e-30;
        for (int i = 0; i < image.Rows; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int j = i + 1; j < image.Rows; j++)
            {
                double inner = Matrix.Dot(image.Row(i), image.Row(j));
                if (Math.Abs(inner) > Orthogonal * Math.Sqrt(squares[i] * squares[j]) + smallest)
                {
                    Turn(image, right, (i, j), inner, squares);
                    turned = true;
                }
            }
        }
        return turned;
    }

    private static void Turn(Matrix image, Matrix right, (int I, int J) pair, double inner, double[] squares)
    {
        (int i, int j) = pair;
        double zeta = (squares[j] - squares[i]) / (2 * inner), t = 1 / (Math.Abs(zeta) + double.Hypot(zeta, 1));
        t = zeta < 0 ? -t : t;
        double c = 1 / double.Hypot(t, 1), s = c * t;
        Matrix.Rotate(image.Row(i), image.Row(j), c, s);
        Matrix.Rotate(right.Row(i), right.Row(j), c, s);
        squares[i] = Matrix.Dot(image.Row(i), image.Row(i));
        squares[j] = Matrix.Dot(image.Row(j), image.Row(j));
    }

    private static SingularValues Sorted(Matrix image, Matrix right)
    {
        double[] lengths = [.. Enumerable.Range(0, image.Rows).Select(i => Math.Sqrt(Matrix.Dot(image.Row(i), image.Row(i))))];
        int[] order = [.. Enumerable.Range(0, lengths.Length).OrderByDescending(i => lengths[i])];
        Matrix left = new(image.Rows, image.Columns), sorted = new(right.Rows, right.Columns);
        for (int i = 0; i < order.Length; i++)
        {
            right.Row(order[i]).CopyTo(sorted.Row(i));
            if (lengths[order[i]] > 0)
            {
                Matrix.AddScaled(1 / lengths[order[i]], image.Row(order[i]), left.Row(i));
            }
        }
        return new SingularValues(left, [.. order.Select(i => lengths[i])], sorted);
    }
}
