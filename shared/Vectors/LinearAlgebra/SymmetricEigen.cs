namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// All eigenvalues and eigenvectors of a symmetric matrix: Householder tridiagonalisation, then QL with implicit shifts (Golub and Van Loan, Matrix
/// Computations, 8.3). Vectors are kept as rows so that every inner loop runs along memory.
/// </summary>
public sealed class SymmetricEigen
{
    private const int MostSweeps = 60;

    private SymmetricEigen(double[] values, Matrix vectors) => (Values, Vectors) = (values, vectors);

    /// <summary>Largest first.</summary>
    public double[] Values { get; }

    /// <summary>Row i is the unit eigenvector of value i; its largest number is positive, so that the sign does not depend on rounding.</summary>
    public Matrix Vectors { get; }

    /// <summary>Decomposes; only the symmetric part of the input counts.</summary>
    /// <exception cref="ArgumentException">Not square, or a number that is not finite.</exception>
    public static SymmetricEigen Of(Matrix matrix, CancellationToken cancellationToken)
    {
        if (matrix.Rows != matrix.Columns || !matrix.Values.All(double.IsFinite))
        {
            throw new ArgumentException($"Eigenvectors need a square matrix of finite numbers; this one is {matrix.Rows} x {matrix.Columns}.", nameof(matrix));
        }
        double[] diagonal = new double[matrix.Rows], off = new double[matrix.Rows];
        Matrix vectors = Tridiagonal(Symmetric(matrix), diagonal, off, cancellationToken);
        Diagonalize(diagonal, off, vectors, cancellationToken);
        return Sorted(diagonal, vectors);
    }

    private static Matrix Symmetric(Matrix matrix)
    {
        Matrix symmetric = new(matrix.Rows, matrix.Rows);
        for (int i = 0; i < matrix.Rows; i++)
        {
            for (int j = 0; j < matrix.Rows; j++)
            {
                symmetric[i, j] = (matrix[i, j] + matrix[j, i]) / 2;
            }
        }
        return symmetric;
    }

    /// <summary>Reflects the last rows first, and gives the product of the reflections, a column of it as a row.</summary>
    private static Matrix Tridiagonal(Matrix a, double[] diagonal, double[] off, CancellationToken cancellationToken)
    {
        int n = a.Rows;
        double[] w = new double[n];
        for (int i = n - 1; i > 0; i--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            diagonal[i] = a[i, i];
            Span<double> v = a.Row(i)[..i];
            off[i] = Reflector(v);
            Reflect(a, v, w.AsSpan(0, i));
        }
        a.Values.AsSpan(0, Math.Min(1, n)).CopyTo(diagonal);
        Matrix q = Matrix.Identity(n);
        for (int i = 1; i < n; i++)
        {
            ReadOnlySpan<double> v = a.Row(i)[..i];
            for (int j = 0; j < i; j++)
            {
                Matrix.AddScaled(-2 * Matrix.Dot(v, q.Row(j)[..i]), v, q.Row(j)[..i]);
            }
        }
        return q;
    }

    /// <summary>Makes a row the unit vector of the reflection that leaves its last number only; gives that number. A zero row stays zero.</summary>
    private static double Reflector(Span<double> row)
    {
        double scale = 0;
        foreach (double x in row)
        {
            scale = Math.Max(scale, Math.Abs(x));
        }
        if (scale == 0)
        {
            return 0;
        }
        Scale(row, 1 / scale);
        double length = Math.Sqrt(Matrix.Dot(row, row)), kept = row[^1] > 0 ? -length : length;
        row[^1] -= kept;
        Scale(row, 1 / Math.Sqrt(Matrix.Dot(row, row)));
        return kept * scale;
    }

    /// <summary>A becomes (1 - 2vv') A (1 - 2vv') on the leading block, as A - vw' - wv' with w = 2(Av - v(v'Av)).</summary>
    private static void Reflect(Matrix a, ReadOnlySpan<double> v, Span<double> w)
    {
        int size = v.Length;
        for (int j = 0; j < size; j++)
        {
            w[j] = 2 * Matrix.Dot(a.Row(j)[..size], v);
        }
        Matrix.AddScaled(-Matrix.Dot(v, w), v, w);
        for (int j = 0; j < size; j++)
        {
            Matrix.AddScaled(-v[j], w, a.Row(j)[..size]);
            Matrix.AddScaled(-w[j], v, a.Row(j)[..size]);
        }
    }

    private static void Diagonalize(double[] d, double[] off, Matrix vectors, CancellationToken cancellationToken)
    {
        int n = d.Length;
        double[] e = [.. off.Skip(1), 0];
        for (int l = 0; l < n; l++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int sweep = 0; ; sweep++)
            {
                int m = Split(d, e, l);
                if (m == l)
                {
                    break;
                }
                if (sweep == MostSweeps)
                {
                    throw new ArithmeticException($"Eigenvalue {l} of {n} did not settle in {MostSweeps} sweeps.");
                }
                Sweep(d, e, vectors, l, m);
            }
        }
    }

    private static int Split(double[] d, double[] e, int from)
    {
        int m = from;
        while (m + 1 < d.Length && Math.Abs(d[m]) + Math.Abs(d[m + 1]) + Math.Abs(e[m]) != Math.Abs(d[m]) + Math.Abs(d[m + 1]))
        {
            m++;
        }
        return m;
    }

    /// <summary>One implicit QL step with Wilkinson's shift on the block l..m.</summary>
    private static void Sweep(double[] d, double[] e, Matrix vectors, int l, int m)
    {
        double g = (d[l + 1] - d[l]) / (2 * e[l]), r = double.Hypot(g, 1), s = 1, c = 1, p = 0;
        g = d[m] - d[l] + e[l] / (g + Math.CopySign(r, g));
        for (int i = m - 1; i >= l; i--)
        {
            double f = s * e[i], b = c * e[i];
            e[i + 1] = r = double.Hypot(f, g);
            if (r == 0)
            {
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }
            (s, c) = (f / r, g / r);
            g = d[i + 1] - p;
            r = (d[i] - g) * s + 2 * c * b;
            p = s * r;
            d[i + 1] = g + p;
            g = c * r - b;
            Matrix.Rotate(vectors.Row(i), vectors.Row(i + 1), c, s);
        }
        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }

    private static SymmetricEigen Sorted(double[] values, Matrix vectors)
    {
        int[] order = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i])];
        Matrix sorted = new(vectors.Rows, vectors.Columns);
        for (int i = 0; i < order.Length; i++)
        {
            vectors.Row(order[i]).CopyTo(sorted.Row(i));
            Orient(sorted.Row(i));
        }
        return new SymmetricEigen([.. order.Select(i => values[i])], sorted);
    }

    private static void Orient(Span<double> row)
    {
        double largest = 0;
        foreach (double x in row)
        {
            largest = Math.Abs(x) > Math.Abs(largest) ? x : largest;
        }
        Scale(row, largest < 0 ? -1 : 1);
    }

    private static void Scale(Span<double> row, double by)
    {
        for (int i = 0; i < row.Length; i++)
        {
            row[i] *= by;
        }
    }
}
