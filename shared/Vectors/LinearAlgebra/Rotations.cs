namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>Orthogonal matrices: random ones, and the nearest to a given matrix.</summary>
public static class Rotations
{
    // What is left of a row after the others are taken out of it, below which it had nothing of its own.
    private const double Independent = 1e-8;

    /// <summary>Uniform over the orthogonal matrices, to rounding: rows of seeded normal numbers, made orthonormal.</summary>
    public static Matrix Random(int size, int seed)
    {
        Gaussian gaussian = new(seed);
        Matrix rows = new(size, size);
        for (int i = 0; i < rows.Values.Length; i++)
        {
            rows.Values[i] = gaussian.Next();
        }
        return Orthonormalize(rows);
    }

    /// <summary>The orthogonal R that minimises |A R - B| for M = A'B, or equally maximises the trace of R'M (Schönemann 1966): R = U V' of M's singular vectors.</summary>
    public static Matrix Procrustes(Matrix m, CancellationToken cancellationToken)
    {
        if (m.Rows != m.Columns)
        {
            throw new ArgumentException($"The nearest rotation is asked for a square matrix; this one is {m.Rows} x {m.Columns}.", nameof(m));
        }
        SingularValues found = SingularValues.Of(m, cancellationToken);
        return Orthonormalize(found.Left).Transposed() * found.Right;
    }

    /// <summary>Gram-Schmidt, twice, in the order of the rows; a row that depends on those before it is replaced by an axis that does not.</summary>
    public static Matrix Orthonormalize(Matrix rows)
    {
        for (int i = 0, axis = 0; i < rows.Rows; i++)
        {
            while (!Separate(rows, i))
            {
                rows.Row(i).Clear();
                rows[i, axis++] = 1;
            }
        }
        return rows;
    }

    private static bool Separate(Matrix rows, int row)
    {
        Span<double> own = rows.Row(row);
        double before = Math.Sqrt(Matrix.Dot(own, own));
        for (int pass = 0; pass < 2; pass++)
        {
            for (int j = 0; j < row; j++)
            {
                Matrix.AddScaled(-Matrix.Dot(own, rows.Row(j)), rows.Row(j), own);
            }
        }
        double length = Math.Sqrt(Matrix.Dot(own, own));
        if (length <= before * Independent)
        {
            return false;
        }
        foreach (ref double x in own)
        {
            x /= length;
        }
        return true;
    }
}
