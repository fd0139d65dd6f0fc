namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// Eigenvalues, largest first, and orthonormal eigenvectors of a symmetric matrix: Householder reflections to three diagonals, then QL steps
/// with implicit shifts (Golub and Van Loan, Matrix Computations, chapter 8). Some n^3 operations, all along rows.
/// </summary>
public sealed class SymmetricEigen
{
    // Two or three steps an eigenvalue are usual.
    private const int MostSteps = 100;

    private SymmetricEigen(double[] values, Matrix vectors) => (Values, Vectors) = (values, vectors);

    /// <summary>Largest first.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>Row i belongs to value i.</summary>
    public Matrix Vectors { get; }

    /// <summary>Decomposes a matrix that is symmetric; both halves are read.</summary>
    /// <exception cref="ArgumentException">It is not square or holds a number that is not finite.</exception>
    public static SymmetricEigen Of(Matrix symmetric)
    {
        int n = symmetric.Rows == symmetric.Columns ? symmetric.Rows : throw new ArgumentException($"A matrix of {symmetric.Rows} x {symmetric.Columns} is not square.", nameof(symmetric));
        foreach (double value in symmetric.Values)
        {
            _ = double.IsFinite(value) ? 0 : throw new ArgumentException("The matrix holds a number that is not finite.", nameof(symmetric));
        }
        (double[] diagonal, double[] beside, Matrix vectors) = Tridiagonal(symmetric.Copy());
        for (int first = 0; first < n; first++)
        {
            Isolate(first, diagonal, beside, vectors);
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => diagonal[i])];
        Matrix sorted = new(n, n);
        for (int i = 0; i < n; i++)
        {
            vectors.Row(order[i]).CopyTo(sorted.Row(i));
        }
        return new SymmetricEigen([.. order.Select(i => diagonal[i])], sorted);
    }

    /// <summary>a = Q T Q': the diagonal of T, the numbers beside it (beside[i] between i and i + 1), and Q' (its rows become the eigenvectors).</summary>
    private static (double[] Diagonal, double[] Beside, Matrix Vectors) Tridiagonal(Matrix a)
    {
        int n = a.Rows;
        double[] diagonal = new double[n], beside = new double[n];
        Matrix reflections = new(n, n);
        for (int k = 0; k < n - 1; k++)
        {
            Span<double> v = reflections.Row(k)[(k + 1)..];
            a.Row(k)[(k + 1)..].CopyTo(v);
            beside[k] = Reflection(v);
            Reflect(a, v, k + 1);
        }
        for (int i = 0; i < n; i++)
        {
            diagonal[i] = a[i, i];
        }
        return (diagonal, beside, Product(reflections));
    }

    /// <summary>Makes of x the v, of length sqrt(2) or 0, whose reflection 1 - v v' takes x to (result, 0, 0, ...).</summary>
    private static double Reflection(Span<double> x)
    {
        double length = Math.Sqrt(Matrix.Dot(x, x));
        if (length == 0)
        {
            return 0;
        }
        double target = x[0] > 0 ? -length : length; // the sign without cancellation
        x[0] -= target;
        double scale = Math.Sqrt(2 / Matrix.Dot(x, x));
        foreach (ref double value in x)
        {
            value *= double.IsFinite(scale) ? scale : 0;
        }
        return target;
    }

    /// <summary>The block of a from a row and column on becomes (1 - v v') block (1 - v v').</summary>
    private static void Reflect(Matrix a, ReadOnlySpan<double> v, int from)
    {
        double[] w = new double[v.Length];
        for (int i = 0; i < w.Length; i++)
        {
            w[i] = Matrix.Dot(a.Row(from + i)[from..], v);
        }
        Matrix.AddScaled(-Matrix.Dot(w, v) / 2, v, w);
        for (int i = 0; i < w.Length; i++)
        {
            Span<double> row = a.Row(from + i)[from..];
            Matrix.AddScaled(-v[i], w, row);
            Matrix.AddScaled(-w[i], v, row);
        }
    }

    /// <summary>The product of all reflections, transposed; built from the last, which touches least.</summary>
    private static Matrix Product(Matrix reflections)
    {
        int n = reflections.Rows;
        Matrix q = Matrix.Identity(n);
        for (int k = n - 2; k >= 0; k--)
        {
            ReadOnlySpan<double> v = reflections.Row(k)[(k + 1)..];
            double[] sums = new double[v.Length];
            for (int i = 0; i < v.Length; i++)
            {
                Matrix.AddScaled(v[i], q.Row(k + 1 + i)[(k + 1)..], sums);
            }
            for (int i = 0; i < v.Length; i++)
            {
                Matrix.AddScaled(-v[i], sums, q.Row(k + 1 + i)[(k + 1)..]);
            }
        }
        return q.Transposed();
    }

    /// <summary>QL steps until the first value of the rest stands alone.</summary>
    private static void Isolate(int first, double[] diagonal, double[] beside, Matrix vectors)
    {
        for (int step = 0; ; step++)
        {
            int last = first;
            while (last < diagonal.Length - 1 && Math.Abs(beside[last]) > double.Epsilon && Math.Abs(diagonal[last]) + Math.Abs(diagonal[last + 1]) + Math.Abs(beside[last]) != Math.Abs(diagonal[last]) + Math.Abs(diagonal[last + 1]))
            {
                last++;
            }
            if (last == first)
            {
                return;
            }
            if (step == MostSteps)
            {
                throw new ArgumentException($"Eigenvalue {first} was not found in {MostSteps} steps.");
            }
            Step(first, last, diagonal, beside, vectors);
        }
    }

    /// <summary>One QL step with Wilkinson's shift on the block from first to last; the bulge is chased upwards by rotations of neighbours.</summary>
    private static void Step(int first, int last, double[] diagonal, double[] beside, Matrix vectors)
    {
        double half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
        double lead = diagonal[last] - diagonal[first] + beside[first] / (half + Math.CopySign(double.Hypot(half, 1), half));
        double sine = 1, cosine = 1, carried = 0;
        for (int i = last - 1; i >= first; i--)
        {
            double bulge = sine * beside[i], own = cosine * beside[i], length = double.Hypot(bulge, lead);
            beside[i + 1] = length;
            if (length == 0) // the block falls apart here
            {
                diagonal[i + 1] -= carried;
                beside[last] = 0;
                return;
            }
            (sine, cosine) = (bulge / length, lead / length);
            double rest = diagonal[i + 1] - carried, turn = (diagonal[i] - rest) * sine + 2 * cosine * own;
            carried = sine * turn;
            diagonal[i + 1] = rest + carried;
            lead = cosine * turn - own;
            Matrix.Rotate(vectors.Row(i), vectors.Row(i + 1), cosine, sine);
        }
        diagonal[first] -= carried;
        beside[first] = lead;
        beside[last] = 0;
    }
}
