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
            float[] a = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)], b = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
            Kernels.Dot(a, b).ShouldBe(Kernels.DotScalar(a, b), $"length {length}, seed {seed}");
        }
    }
}
