using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.UnitTests.Vectors.LinearAlgebra;

/// <summary>A planted map is found again (papers.md A2, test d).</summary>
public sealed class LinearFitTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Ridge_recovers_a_planted_affine_map(int seed)
    {
        Random random = new(seed);
        Matrix planted = RandomMatrix.Of(random, 24, 16), from = RandomMatrix.Of(random, 400, 16);
        double[] bias = [.. Enumerable.Range(0, 24).Select(_ => RandomMatrix.Normal(random))];
        LinearFit fit = LinearFit.Ridge(from, Map(from, planted, bias), 1e-9);
        RandomMatrix.Largest(fit.Weights, planted).ShouldBeLessThan(1e-4, $"seed {seed}");
        RandomMatrix.Largest(new Matrix(1, 24, fit.Bias), new Matrix(1, 24, bias)).ShouldBeLessThan(1e-4, $"seed {seed}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Procrustes_recovers_a_planted_rotation_and_shift(int seed)
    {
        Random random = new(seed);
        Matrix planted = Rotations.Random(16, seed), from = RandomMatrix.Of(random, 200, 16);
        double[] bias = [.. Enumerable.Range(0, 16).Select(_ => RandomMatrix.Normal(random))];
        LinearFit fit = LinearFit.Procrustes(from, Map(from, planted, bias), CancellationToken.None);
        RandomMatrix.Largest(fit.Weights, planted).ShouldBeLessThan(1e-4, $"seed {seed}");
        RandomMatrix.Largest(new Matrix(1, 16, fit.Bias), new Matrix(1, 16, bias)).ShouldBeLessThan(1e-4, $"seed {seed}");
    }

    [Fact]
    public void Procrustes_stays_a_rotation_when_the_pairs_do_not_span_the_space()
    {
        Random random = new(5);
        Matrix thin = RandomMatrix.Of(random, 4, 12);
        LinearFit fit = LinearFit.Procrustes(RandomMatrix.Of(random, 50, 4) * thin, RandomMatrix.Of(random, 50, 12), CancellationToken.None);
        RandomMatrix.Largest(fit.Weights * fit.Weights.Transposed(), Matrix.Identity(12)).ShouldBeLessThan(1e-10);
    }

    [Fact]
    public void A_larger_penalty_shrinks_the_map_and_never_fits_better()
    {
        Random random = new(6);
        Matrix from = RandomMatrix.Of(random, 100, 8), to = RandomMatrix.Of(random, 100, 8);
        LinearFit[] fits = [.. ((double[])[1e-6, 1e-2, 1, 100]).Select(p => LinearFit.Ridge(from, to, p))];
        fits.Select(f => f.Weights.Values.Sum(w => w * w)).ShouldBeInOrder(SortDirection.Descending);
        fits.Select(f => Error(f, from, to)).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public void Apply_is_the_map_itself()
    {
        LinearFit fit = new(new Matrix(2, 3, [1, 2, 3, 4, 5, 6]), [0.5, -0.5]);
        float[] output = new float[2];
        fit.Apply([1, 0, -1], output);
        output.ShouldBe([-1.5f, -2.5f]);
    }

    [Fact]
    public void What_cannot_be_fitted_is_refused()
    {
        Should.Throw<ArgumentException>(() => LinearFit.Ridge(new Matrix(3, 2), new Matrix(4, 2), 1e-3)).Message.ShouldContain("3 rows cannot be fitted to 4");
        Should.Throw<ArgumentException>(() => LinearFit.Ridge(new Matrix(0, 2), new Matrix(0, 2), 1e-3)).Message.ShouldContain("at least one");
        Should.Throw<ArgumentException>(() => LinearFit.Procrustes(new Matrix(3, 2), new Matrix(3, 4), CancellationToken.None)).Message.ShouldContain("not 2 and 4");
        Should.Throw<ArgumentException>(() => LinearFit.Ridge(new Matrix(3, 2), new Matrix(3, 2), 1e-3)).Message.ShouldContain("not positive definite");
    }

    private static Matrix Map(Matrix from, Matrix weights, double[] bias)
    {
        Matrix to = from * weights.Transposed();
        for (int r = 0; r < to.Rows; r++)
        {
            for (int i = 0; i < to.Columns; i++)
            {
                to[r, i] += bias[i];
            }
        }
        return to;
    }

    private static double Error(LinearFit fit, Matrix from, Matrix to)
    {
        Matrix mapped = Map(from, fit.Weights, fit.Bias);
        double sum = 0;
        for (int i = 0; i < to.Values.Length; i++)
        {
            sum += Math.Pow(mapped.Values[i] - to.Values[i], 2);
        }
        return sum;
    }
}
