namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// A = U' S V, with singular values largest first. The eigenvectors of A'A bring the columns near orthogonal, then one-sided Jacobi rotations
/// (Hestenes 1958) make them so to float64's precision, which A'A alone would halve.
/// </summary>
public sealed class SingularValues
{
    private const int MostSweeps = 30;
    private const double Orthogonal = 1e-14;

    private SingularValues(Matrix left, double[] values, Matrix right) => (Left, Values, Right) = (left, values, right);

    /// <summary>Row i is the left vector of value i: min(rows, columns) orthonormal rows as long as A has rows.</summary>
    public Matrix Left { get; }

    /// <summary>Largest first.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>Row i is the right vector of value i: as many orthonormal rows, as long as A has columns.</summary>
    public Matrix Right { get; }

    /// <summary>Decomposes a matrix of any shape and rank.</summary>
    /// <exception cref="ArgumentException">It holds a number that is not finite.</exception>
    public static SingularValues Of(Matrix a)
    {
        if (a.Rows < a.Columns)
        {
            SingularValues turned = Of(a.Transposed());
            return new SingularValues(turned.Right, [.. turned.Values], turned.Left);
        }
        Matrix right = SymmetricEigen.Of(a.TransposedTimes(a)).Vectors, columns = right.Times(a.Transposed());
        for (int sweep = 0; sweep < MostSweeps && Sweep(columns, right); sweep++)
        {
        }
        return Sorted(columns, right);
    }

    /// <summary>Every pair of columns once; true when one was turned.</summary>
    private static bool Sweep(Matrix columns, Matrix right)
    {
        bool turned = false;
        double[] squares = [.. Enumerable.Range(0, columns.Rows).Select(i => Matrix.Dot(columns.Row(i), columns.Row(i)))];
        for (int i = 0; i < columns.Rows; i++)
        {
            for (int j = i + 1; j < columns.Rows; j++)
            {
                double product = Matrix.Dot(columns.Row(i), columns.Row(j));
                if (Math.Abs(product) <= Orthogonal * Math.Sqrt(squares[i] * squares[j]) || product == 0)
                {
                    continue;
                }
                turned = true;
                double ratio = (squares[i] - squares[j]) / (2 * product), tangent = Math.CopySign(1, ratio) / (Math.Abs(ratio) + double.Hypot(1, ratio));
                double cosine = 1 / double.Hypot(1, tangent), sine = cosine * tangent;
                // The angle that makes the two products vanish turns the larger one forward.
                Matrix.Rotate(columns.Row(i), columns.Row(j), cosine, -sine);
                Matrix.Rotate(right.Row(i), right.Row(j), cosine, -sine);
                squares[i] = Matrix.Dot(columns.Row(i), columns.Row(i));
                squares[j] = Matrix.Dot(columns.Row(j), columns.Row(j));
            }
        }
        return turned;
    }

    private static SingularValues Sorted(Matrix columns, Matrix right)
    {
        int n = columns.Rows;
        double[] lengths = [.. Enumerable.Range(0, n).Select(i => Math.Sqrt(Matrix.Dot(columns.Row(i), columns.Row(i))))];
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => lengths[i])];
        Matrix left = new(n, columns.Columns), sortedRight = new(n, right.Columns);
        double least = n == 0 ? 0 : lengths[order[0]] * 1e-300;
        for (int i = 0; i < n; i++)
        {
            right.Row(order[i]).CopyTo(sortedRight.Row(i));
            Span<double> row = left.Row(i);
            columns.Row(order[i]).CopyTo(row);
            if (lengths[order[i]] > least)
            {
                Scale(row, 1 / lengths[order[i]]);
            }
            else
            {
                Complete(left, i);
            }
        }
        return new SingularValues(left, [.. order.Select(i => lengths[i])], sortedRight);
    }

    /// <summary>A row for a value of zero: any unit vector orthogonal to the rows before it, here from the axis that they cover least.</summary>
    private static void Complete(Matrix left, int row)
    {
        double[] covered = new double[left.Columns];
        for (int i = 0; i < row; i++)
        {
            for (int j = 0; j < covered.Length; j++)
            {
                covered[j] += left[i, j] * left[i, j];
            }
        }
        Span<double> vector = left.Row(row);
        vector.Clear();
        vector[Array.IndexOf(covered, covered.Min())] = 1;
        for (int pass = 0; pass < 2; pass++) // the second removes what rounding left
        {
            for (int i = 0; i < row; i++)
            {
                Matrix.AddScaled(-Matrix.Dot(left.Row(i), vector), left.Row(i), vector);
            }
            Scale(vector, 1 / Math.Sqrt(Matrix.Dot(vector, vector)));
        }
    }

    private static void Scale(Span<double> row, double by)
    {
        foreach (ref double value in row)
        {
            value *= by;
        }
    }
}
