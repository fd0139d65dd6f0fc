using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.UnitTests.Vectors.LinearAlgebra;

public sealed class LinearAlgebraTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 7, 16, 33, 100];

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(4, 32, 32)]
    [InlineData(65, 7, 33)]
    [InlineData(70, 100, 97)]
    [InlineData(0, 4, 4)]
    public void A_product_has_the_bits_of_its_scalar_twin_on_one_core_and_on_several(int rows, int inner, int columns)
    {
        float[] a = Singles(rows * inner, 1), b = Singles(inner * columns, 2);
        PackedMatrix packed = PackedMatrix.Of(b, inner, columns);
        float[] one = new float[rows * columns], scalar = new float[rows * columns], several = new float[rows * columns];
        packed.Multiply(a, rows, one);
        packed.MultiplyScalar(a, rows, scalar);
        packed.Multiply(a, rows, several, TestContext.Current.CancellationToken);
        one.ShouldBe(scalar);
        several.ShouldBe(scalar);
        double[] expected = (Matrix.Of(a, rows, inner) * Matrix.Of(b, inner, columns)).Values;
        ShouldBeNear(Matrix.Of(one, rows, columns), new Matrix(rows, columns, expected), 1e-5);
    }

    [Fact]
    public void Packing_the_transpose_is_packing_what_was_transposed()
    {
        float[] a = Singles(6 * 9, 1), b = Singles(37 * 9, 2);
        float[] expected = new float[6 * 37], product = new float[6 * 37];
        PackedMatrix.Of(Matrix.Of(b, 37, 9).Transposed().ToSingles(), 9, 37).Multiply(a, 6, expected);
        PackedMatrix.OfTransposed(b, 37, 9).Multiply(a, 6, product);
        product.ShouldBe(expected);
    }

    [Fact]
    public void A_product_refuses_numbers_that_are_not_its_matrix()
    {
        Should.Throw<ArgumentException>(() => PackedMatrix.Of(new float[5], 2, 3)).Message.ShouldBe("5 numbers are not a matrix of 2 x 3.");
        Should.Throw<ArgumentException>(() => PackedMatrix.Of(new float[6], 2, 3).Multiply(new float[3], 1, new float[3]));
        Should.Throw<ArgumentException>(() => new Matrix(2, 3) * new Matrix(2, 3));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Eigenvectors_are_orthonormal_and_rebuild_the_matrix(int size)
    {
        Matrix random = Doubles(size, size, size), symmetric = random * random.Transposed();
        SymmetricEigen eigen = SymmetricEigen.Of(symmetric, TestContext.Current.CancellationToken);
        ShouldBeNear(eigen.Vectors * eigen.Vectors.Transposed(), Matrix.Identity(size), 1e-12 * size);
        ShouldBeNear(eigen.Vectors.Transposed() * Diagonal(eigen.Values) * eigen.Vectors, symmetric, 1e-12 * size);
        eigen.Values.ShouldBe(eigen.Values.OrderDescending());
    }

    [Fact]
    public void Eigenvalues_of_multiple_zero_negative_and_extreme_size_are_found()
    {
        double[] values = [1e12, 5, 5, 5, 1e-9, 0, 0, -3];
        Matrix q = Rotations.Random(values.Length, 3);
        double[] found = SymmetricEigen.Of(q.Transposed() * Diagonal(values) * q, TestContext.Current.CancellationToken).Values;
        found.Zip(values, (f, v) => Math.Abs(f - v)).Max().ShouldBeLessThan(1e-2);
        SymmetricEigen.Of(new Matrix(5, 5), TestContext.Current.CancellationToken).Values.ShouldAllBe(v => v == 0);
        SymmetricEigen.Of(Diagonal(values), TestContext.Current.CancellationToken).Values.ShouldBe(values.OrderDescending());
        SymmetricEigen.Of(new Matrix(0, 0), TestContext.Current.CancellationToken).Values.ShouldBeEmpty();
    }

    [Fact]
    public void Eigenvectors_refuse_what_is_not_square_or_not_finite()
    {
        Should.Throw<ArgumentException>(() => SymmetricEigen.Of(new Matrix(2, 3), CancellationToken.None));
        Should.Throw<ArgumentException>(() => SymmetricEigen.Of(new Matrix(1, 1, [double.NaN]), CancellationToken.None));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(3, 5)]
    [InlineData(40, 40)]
    public void Singular_vectors_rebuild_the_matrix(int rows, int columns)
    {
        Matrix matrix = Doubles(rows, columns, rows + columns);
        SingularValues found = SingularValues.Of(matrix, TestContext.Current.CancellationToken);
        ShouldBeNear(found.Left.Transposed() * Diagonal(found.Values) * found.Right, matrix, 1e-12);
        ShouldBeNear(found.Right * found.Right.Transposed(), Matrix.Identity(columns), 1e-12);
        found.Values.ShouldBe(found.Values.OrderDescending());
    }

    [Fact]
    public void Small_singular_values_keep_their_relative_precision()
    {
        double[] values = [1, 1e-3, 1e-6, 1e-9];
        SingularValues found = SingularValues.Of(Diagonal(values) * Rotations.Random(4, 5), TestContext.Current.CancellationToken);
        found.Values.Zip(values, (f, v) => Math.Abs(f / v - 1)).Max().ShouldBeLessThan(1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(65)]
    public void A_random_rotation_is_orthogonal_and_the_seed_decides_it(int size)
    {
        Matrix rotation = Rotations.Random(size, 7);
        ShouldBeNear(rotation * rotation.Transposed(), Matrix.Identity(size), 1e-12);
        Rotations.Random(size, 7).Values.ShouldBe(rotation.Values);
        Rotations.Random(size + 1, 8).Values[0].ShouldNotBe(Rotations.Random(size + 1, 7).Values[0]);
    }

    [Fact]
    public void Procrustes_finds_the_rotation_that_was_applied()
    {
        Matrix a = Doubles(200, 20, 1), rotation = Rotations.Random(20, 2);
        Matrix found = Rotations.Procrustes(a.Transposed() * (a * rotation), TestContext.Current.CancellationToken);
        ShouldBeNear(found, rotation, 1e-10);
    }

    [Fact]
    public void Procrustes_of_a_matrix_without_full_rank_is_still_orthogonal()
    {
        Matrix a = Doubles(3, 20, 1), rotation = Rotations.Random(20, 2);
        Matrix found = Rotations.Procrustes(a.Transposed() * (a * rotation), TestContext.Current.CancellationToken);
        ShouldBeNear(found * found.Transposed(), Matrix.Identity(20), 1e-12);
        ShouldBeNear(a * found, a * rotation, 1e-6);
        Matrix none = Rotations.Procrustes(new Matrix(4, 4), TestContext.Current.CancellationToken);
        ShouldBeNear(none * none.Transposed(), Matrix.Identity(4), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Cholesky_solves(int size)
    {
        Matrix random = Doubles(size, size + 3, size), a = random * random.Transposed(), x = Doubles(size, 3, 9);
        ShouldBeNear(Cholesky.Of(a).Solve(a * x), x, 1e-6);
    }

    [Fact]
    public void Cholesky_names_the_pivot_that_is_not_positive() =>
        Should.Throw<ArgumentException>(() => Cholesky.Of(Diagonal([1, -2]))).Message.ShouldStartWith("The matrix is not positive definite: pivot 1 of 2 is -2.");

    [Fact]
    public void Cross_moments_are_the_product_of_the_transpose()
    {
        float[] a = Singles(1100 * 5, 1), b = Singles(1100 * 7, 2);
        Matrix expected = Matrix.Of(a, 1100, 5).Transposed() * Matrix.Of(b, 1100, 7);
        ShouldBeNear(Moments.Cross(a, 5, b, 7, TestContext.Current.CancellationToken), expected, 1e-4);
        Moments.Mean(a, 5)[2].ShouldBe(Enumerable.Range(0, 1100).Average(i => (double)a[i * 5 + 2]), 1e-12);
    }

    [Fact]
    public void Gaussian_numbers_have_mean_zero_variance_one_and_normal_tails()
    {
        Gaussian gaussian = new(3);
        double[] numbers = [.. Enumerable.Range(0, 200_000).Select(_ => gaussian.Next())];
        numbers.Average().ShouldBe(0, 0.01);
        numbers.Average(x => x * x).ShouldBe(1, 0.015);
        numbers.Average(x => Math.Abs(x) > 1.96 ? 1.0 : 0).ShouldBe(0.05, 0.003);
    }

    private static Matrix Diagonal(double[] values)
    {
        Matrix diagonal = new(values.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            diagonal[i, i] = values[i];
        }
        return diagonal;
    }

    private static void ShouldBeNear(Matrix actual, Matrix expected, double tolerance)
    {
        (actual.Rows, actual.Columns).ShouldBe((expected.Rows, expected.Columns));
        double scale = Math.Max(1, expected.Values.Select(Math.Abs).DefaultIfEmpty().Max());
        actual.Values.Zip(expected.Values, (x, y) => Math.Abs(x - y)).DefaultIfEmpty().Max().ShouldBeLessThan(tolerance * scale);
    }

    private static float[] Singles(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static Matrix Doubles(int rows, int columns, int seed) => Matrix.Of(Singles(rows * columns, seed), rows, columns);
}
