using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.UnitTests.Vectors.LinearAlgebra;

public sealed class DecompositionTests
{
    private const double Precise = 1e-11;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Products_are_sums_of_products(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 40; round++)
        {
            int n = random.Next(1, 23), k = random.Next(1, 23), m = random.Next(1, 23);
            Matrix a = RandomMatrix.Of(random, n, k), b = RandomMatrix.Of(random, k, m), expected = new(n, m);
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < m; j++)
                {
                    expected[i, j] = Enumerable.Range(0, k).Sum(l => a[i, l] * b[l, j]);
                }
            }
            RandomMatrix.Largest(a.Times(b), expected).ShouldBeLessThan(Precise, $"seed {seed}, {n} x {k} x {m}");
            RandomMatrix.Largest(a.Transposed().TransposedTimes(b), expected).ShouldBeLessThan(Precise, $"seed {seed}, {n} x {k} x {m}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Cholesky_solves_what_it_is_given(int seed)
    {
        Random random = new(seed);
        for (int n = 1; n < 40; n++)
        {
            Matrix half = RandomMatrix.Of(random, n + 3, n), a = half.TransposedTimes(half), x = RandomMatrix.Of(random, n, 5);
            RandomMatrix.Largest(a.Times(Cholesky.Of(a).Solve(a.Times(x))), a.Times(x)).ShouldBeLessThan(1e-8, $"seed {seed}, size {n}");
        }
    }

    [Fact]
    public void Cholesky_refuses_what_is_not_positive_definite()
    {
        Should.Throw<ArgumentException>(() => Cholesky.Of(new Matrix(2, 2, [1, 2, 2, 1]))).Message.ShouldContain("not positive definite (row 1 of 2)");
        Should.Throw<ArgumentException>(() => Cholesky.Of(new Matrix(1, 1, [double.NaN]))).Message.ShouldContain("not positive definite");
        Should.Throw<ArgumentException>(() => Cholesky.Of(new Matrix(2, 3))).Message.ShouldContain("not square");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Eigenvectors_are_orthonormal_and_give_the_matrix_back(int seed)
    {
        Random random = new(seed);
        foreach (int n in (int[])[1, 2, 3, 4, 5, 8, 17, 40, 100])
        {
            RequireEigen(RandomMatrix.Symmetric(random, n), $"seed {seed}, size {n}");
            Matrix thin = RandomMatrix.Of(random, Math.Max(1, n / 3), n);
            RequireEigen(thin.TransposedTimes(thin), $"rank {n / 3}, seed {seed}, size {n}");
        }
    }

    [Fact]
    public void Eigenvalues_of_special_matrices_are_found()
    {
        RequireEigen(new Matrix(6, 6), "zero");
        RequireEigen(Matrix.Identity(7), "identity");
        Matrix ones = new(9, 9);
        ones.Values.Fill(1);
        RequireEigen(ones, "ones");
        Matrix scales = new(5, 5);
        for (int i = 0; i < 5; i++)
        {
            scales[i, i] = Math.Pow(10, 6 * (i - 2));
        }
        SymmetricEigen.Of(scales).Values.ShouldBe([1e12, 1e6, 1, 1e-6, 1e-12]);
        Should.Throw<ArgumentException>(() => SymmetricEigen.Of(new Matrix(1, 1, [double.PositiveInfinity]))).Message.ShouldContain("not finite");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Singular_vectors_are_orthonormal_and_give_the_matrix_back(int seed)
    {
        Random random = new(seed);
        foreach ((int rows, int columns) in ((int, int)[])[(1, 1), (1, 5), (5, 1), (4, 4), (3, 9), (9, 3), (31, 30), (60, 60)])
        {
            RequireSingular(RandomMatrix.Of(random, rows, columns), $"seed {seed}, {rows} x {columns}");
            int rank = Math.Max(1, Math.Min(rows, columns) / 2);
            RequireSingular(RandomMatrix.Of(random, rows, rank).Times(RandomMatrix.Of(random, rank, columns)), $"rank {rank}, seed {seed}, {rows} x {columns}");
        }
        RequireSingular(new Matrix(4, 6), "zero");
    }

    [Fact]
    public void Small_singular_values_keep_their_digits()
    {
        // A'A alone would leave nothing of a value 1e-12 times the largest.
        Random random = new(3);
        double[] values = [1, 1e-3, 1e-6, 1e-9, 1e-12];
        Matrix left = RandomMatrix.Orthogonal(random, 5), right = RandomMatrix.Orthogonal(random, 5);
        for (int i = 0; i < 5; i++)
        {
            foreach (ref double value in right.Row(i))
            {
                value *= values[i];
            }
        }
        IReadOnlyList<double> found = SingularValues.Of(left.Times(right)).Values;
        for (int i = 0; i < 5; i++)
        {
            found[i].ShouldBe(values[i], Math.Max(values[i] * 1e-9, 1e-15));
        }
    }

    private static void RequireEigen(Matrix a, string because)
    {
        SymmetricEigen eigen = SymmetricEigen.Of(a);
        double scale = Math.Max(1, eigen.Values.Max(Math.Abs));
        RandomMatrix.Largest(eigen.Vectors.Times(eigen.Vectors.Transposed()), Matrix.Identity(a.Rows)).ShouldBeLessThan(Precise, because);
        eigen.Values.ShouldBeInOrder(SortDirection.Descending, because);
        RandomMatrix.Largest(Product(eigen.Vectors, eigen.Values, eigen.Vectors), a).ShouldBeLessThan(Precise * scale, because);
    }

    private static void RequireSingular(Matrix a, string because)
    {
        SingularValues found = SingularValues.Of(a);
        int count = Math.Min(a.Rows, a.Columns);
        (found.Left.Rows, found.Left.Columns, found.Right.Rows, found.Right.Columns).ShouldBe((count, a.Rows, count, a.Columns), because);
        RandomMatrix.Largest(found.Left.Times(found.Left.Transposed()), Matrix.Identity(count)).ShouldBeLessThan(Precise, because);
        RandomMatrix.Largest(found.Right.Times(found.Right.Transposed()), Matrix.Identity(count)).ShouldBeLessThan(Precise, because);
        found.Values.ShouldBeInOrder(SortDirection.Descending, because);
        found.Values.ShouldAllBe(v => v >= 0, because);
        RandomMatrix.Largest(Product(found.Left, found.Values, found.Right), a).ShouldBeLessThan(Precise * Math.Max(1, found.Values[0]), because);
    }

    /// <summary>left' x diagonal x right.</summary>
    private static Matrix Product(Matrix left, IReadOnlyList<double> values, Matrix right)
    {
        Matrix scaled = right.Copy();
        for (int i = 0; i < values.Count; i++)
        {
            foreach (ref double value in scaled.Row(i))
            {
                value *= values[i];
            }
        }
        return left.TransposedTimes(scaled);
    }
}
