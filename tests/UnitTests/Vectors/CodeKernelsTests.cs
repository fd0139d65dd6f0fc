using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors;

public sealed class CodeKernelsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_format_gives_the_bits_of_its_scalar_twin_and_the_sum_that_it_stands_for(int seed)
    {
        Random random = new(seed);
        for (int length = 0; length < 300; length++)
        {
            float[] query = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
            Check<Float32Format>(query, Floats(random, length), seed);
            Check<Float16Format>(query, Halves(random, length), seed);
            Check<UInt8Format>(query, Bytes(random, length), seed);
            Check<Int8Format>(query, Bytes(random, length), seed);
            Check<NibbleFormat>(query, Bytes(random, (length + 1) / 2), seed);
            Check<SignFormat>(query, Bytes(random, (length + 7) / 8), seed);
        }
    }

    [Fact]
    public void Every_half_precision_number_is_converted_as_the_scalar_conversion_does()
    {
        float[] one = new float[32];
        one[5] = 1;
        byte[] code = new byte[64];
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            BitConverter.TryWriteBytes(code.AsSpan(10), (ushort)bits);
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits), found = Float16Format.Load(code, 0).A[5];
            (found == expected || (float.IsNaN(found) && float.IsNaN(expected))).ShouldBeTrue($"{bits:x4}: {found} instead of {expected}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Integer_kernels_equal_their_scalar_twins(int seed)
    {
        Random random = new(seed);
        for (int length = 0; length < 300; length++)
        {
            byte[] a = Bytes(random, length), b = Bytes(random, length);
            sbyte[] x = [.. a.Select(v => (sbyte)v)], y = [.. b.Select(v => (sbyte)v)];
            string because = $"length {length}, seed {seed}";
            IntegerKernels.Dot(x, y).ShouldBe(IntegerKernels.DotScalar(x, y), because);
            IntegerKernels.SquaredDistance(x, y).ShouldBe(x.Zip(y, (p, q) => (p - q) * (p - q)).Sum(), because);
            IntegerKernels.Dot(a, y).ShouldBe(IntegerKernels.DotScalar(a, y), because);
            IntegerKernels.DotWide(a, y).ShouldBe(IntegerKernels.DotScalar(a, y), because);
            IntegerKernels.DotNibbles(a, b).ShouldBe(IntegerKernels.DotNibblesScalar(a, b), because);
            IntegerKernels.SquaredDistanceNibbles(a, b).ShouldBe(Enumerable.Range(0, 2 * length).Sum(i => Square(NibbleFormat.At(a, i) - NibbleFormat.At(b, i))), because);
            IntegerKernels.Hamming(a, b).ShouldBe(IntegerKernels.HammingScalar(a, b), because);
            ((double)IntegerKernels.Cosine(x, x)).ShouldBe(x.Any(v => v != 0) ? 1 : 0, 1e-6, because);
            ((double)IntegerKernels.CosineNibbles(a, a)).ShouldBe(a.Any(v => v != 0) ? 1 : 0, 1e-6, because);
        }
    }

    [Fact]
    public void The_smallest_bytes_do_not_overflow()
    {
        sbyte[] lowest = [.. Enumerable.Repeat(sbyte.MinValue, 64)];
        IntegerKernels.Dot(lowest, lowest).ShouldBe(64 * 128 * 128);
        byte[] highest = [.. Enumerable.Repeat(byte.MaxValue, 64)];
        IntegerKernels.Dot(highest, lowest).ShouldBe(-64 * 255 * 128);
        IntegerKernels.DotWide(highest, lowest).ShouldBe(-64 * 255 * 128);
    }

    [Fact]
    public void Cosine_of_a_zero_vector_is_zero()
    {
        Kernels.Cosine(new float[40], [.. Enumerable.Repeat(1f, 40)]).ShouldBe(0);
        ((double)Kernels.Cosine([3, 4], [4, 3])).ShouldBe(0.96, 1e-6);
        Kernels.SquaredDistance([3, 4], [4, 3]).ShouldBe(2);
    }

    [Fact]
    public void Codes_of_another_length_are_refused()
    {
        Should.Throw<ArgumentException>(() => CodeKernels.Dot<NibbleFormat>(new float[5], new byte[2])).Message.ShouldBe("A code of 5 dimensions has 3 bytes in this format; this one has 2.");
        Should.Throw<ArgumentException>(() => IntegerKernels.Hamming(new byte[1], new byte[2])).Message.ShouldBe("Codes of 1 and 2 bytes cannot be compared.");
        Should.Throw<ArgumentException>(() => Kernels.Cosine(new float[1], new float[2]));
    }

    private static void Check<TFormat>(float[] query, byte[] code, int seed) where TFormat : ICodeFormat
    {
        string because = $"{typeof(TFormat).Name}, length {query.Length}, seed {seed}";
        double[] x = [.. Enumerable.Range(0, query.Length).Select(i => (double)TFormat.At(code, i))];
        double dot = query.Zip(x, (q, v) => q * v).Sum(), square = x.Sum(v => v * v), own = query.Sum(q => (double)q * q);
        CodeKernels.Dot<TFormat>(query, code).ShouldBe(CodeKernels.DotScalar<TFormat>(query, code), because);
        CodeKernels.SquaredDistance<TFormat>(query, code).ShouldBe(CodeKernels.SquaredDistanceScalar<TFormat>(query, code), because);
        CodeKernels.Cosine<TFormat>(query, code).ShouldBe(CodeKernels.CosineScalar<TFormat>(query, code), because);
        ((double)CodeKernels.Dot<TFormat>(query, code)).ShouldBe(dot, 1e-5 * (1 + square), because);
        ((double)CodeKernels.SquaredDistance<TFormat>(query, code)).ShouldBe(own - 2 * dot + square, 1e-5 * (1 + square), because);
        ((double)CodeKernels.Cosine<TFormat>(query, code)).ShouldBe(own > 0 && square > 0 ? dot / Math.Sqrt(own * square) : 0, 1e-5, because);
    }

    private static int Square(float x) => (int)(x * x);

    private static byte[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).SelectMany(_ => BitConverter.GetBytes(random.NextSingle() - 0.5f))];

    private static byte[] Halves(Random random, int count) => [.. Enumerable.Range(0, count).SelectMany(_ => BitConverter.GetBytes((Half)(random.NextSingle() - 0.5f)))];

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
