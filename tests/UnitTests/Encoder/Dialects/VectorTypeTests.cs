using System.Numerics.Tensors;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Dialects;

public sealed class VectorTypeTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(384)]
    [InlineData(1000)]
    public void Whole_numbers_keep_the_direction_and_unsigned_ones_are_128_more(int dimensions)
    {
        float[] vector = Unit(dimensions, 11);
        CohereByType types = VectorTypes.Of([vector], ["int8", "uint8"]);
        types.Int8![0].ShouldAllBe(x => x >= -127 && x <= 127);
        types.Uint8![0].ShouldBe(types.Int8[0].Select(x => x + 128));
        TensorPrimitives.CosineSimilarity([.. types.Int8[0].Select(x => (float)x)], vector).ShouldBeGreaterThan(0.999f);
    }

    [Fact]
    public void Signs_are_packed_first_in_the_highest_bit_and_the_rest_is_zero()
    {
        CohereByType types = VectorTypes.Of([[1, -1, 0, 2, -3, 4, 5, 6, 7, -8]], ["binary", "ubinary"]);
        types.Ubinary![0].ShouldBe([0b1001_0111, 0b1000_0000]);
        types.Binary![0].ShouldBe([0b1001_0111 - 128, 0b1000_0000 - 128]);
    }

    [Fact]
    public void Base64_is_the_numbers_in_little_endian() => Base64Floats.Of([1f, -2.5f]).ShouldBe("AACAPwAAIMA=");

    [Fact]
    public void Only_what_was_asked_for_is_there_and_floats_when_nothing_was()
    {
        VectorTypes.Of([[1f]], null).ShouldSatisfyAllConditions(t => t.Float.ShouldNotBeNull(), t => t.Int8.ShouldBeNull(), t => t.Base64.ShouldBeNull());
        VectorTypes.Of([[1f]], ["ubinary"]).ShouldSatisfyAllConditions(t => t.Float.ShouldBeNull(), t => t.Ubinary.ShouldNotBeNull());
        Should.Throw<RetrievalException>(() => VectorTypes.Of([[1f]], ["float", "int4"])).Problem.ShouldSatisfyAllConditions(p => p.Field.ShouldBe("embedding_types"), p => p.Value.ShouldBe("int4"));
    }

    private static float[] Unit(int dimensions, int seed)
    {
        Random random = new(seed);
        float[] vector = [.. Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - 0.5f)];
        Kernels.Normalize(vector).ShouldBeTrue();
        return vector;
    }
}
