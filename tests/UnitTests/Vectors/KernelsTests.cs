using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors;

public sealed class KernelsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Dot_gives_the_bits_of_its_scalar_twin_for_every_length(int seed)
    {
        Random random = new(seed);
        for (int length = 0; length < 500; length++)
        {
            float[] a = Numbers(random, length), b = Numbers(random, length);
            Kernels.Dot(a, b).ShouldBe(Kernels.DotScalar(a, b), $"length {length}, seed {seed}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Dot_is_the_sum_of_products(int seed)
    {
        Random random = new(seed);
        for (int length = 0; length < 500; length++)
        {
            float[] a = Numbers(random, length), b = Numbers(random, length);
            ((double)Kernels.Dot(a, b)).ShouldBe(a.Zip(b, (x, y) => (double)x * y).Sum(), 1e-5, $"length {length}, seed {seed}");
        }
    }

    [Fact]
    public void Dot_refuses_vectors_of_different_lengths()
    {
        Should.Throw<ArgumentException>(() => Kernels.Dot(new float[3], new float[4])).Message.ShouldBe("Vectors of 3 and 4 dimensions cannot be compared.");
        Should.Throw<ArgumentException>(() => Kernels.DotScalar(new float[4], new float[3]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Normalize_gives_unit_length_at_every_magnitude_and_keeps_the_direction(int seed)
    {
        Random random = new(seed);
        for (int power = -44; power <= 38; power++)
        {
            float scale = MathF.Pow(10, power);
            float[] a = [.. Numbers(random, random.Next(1, 200)).Select(x => x * scale), scale], unit = [.. a];
            string because = $"seed {seed}, scale 1e{power}";
            Kernels.Normalize(unit).ShouldBeTrue(because);
            double length = Math.Sqrt(a.Sum(x => (double)x * x));
            Math.Sqrt(unit.Sum(x => (double)x * x)).ShouldBe(1, 1e-5, because);
            for (int i = 0; i < a.Length; i++)
            {
                ((double)unit[i]).ShouldBe(a[i] / length, 1e-5, because);
            }
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Normalize_refuses_what_has_no_direction_and_changes_nothing(float number)
    {
        for (int length = 0; length < 70; length++)
        {
            for (int at = 0; at < length; at++)
            {
                float[] a = new float[length];
                if (number != 0)
                {
                    Array.Fill(a, 2f);
                }
                a[at] = number;
                float[] before = [.. a];
                Kernels.Normalize(a).ShouldBeFalse($"length {length}, place {at}");
                a.ShouldBe(before);
            }
        }
        Kernels.Normalize([]).ShouldBeFalse();
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
