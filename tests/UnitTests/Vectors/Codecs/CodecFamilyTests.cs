using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;
using Retrieval.Vectors.Codecs.Binary;
using Retrieval.Vectors.Codecs.Principal;
using Retrieval.Vectors.Codecs.Product;
using Retrieval.Vectors.Codecs.RaBitQ;

namespace Retrieval.UnitTests.Vectors.Codecs;

/// <summary>What each family promises.</summary>
public sealed class CodecFamilyTests
{
    private const int Dimensions = 64;

    [Fact]
    public void Int8_errs_by_half_a_step_at_most_inside_the_ranges()
    {
        float[] vectors = CodecData.Vectors(500, Dimensions, 1), decoded = Decoded("int8", vectors);
        for (int j = 0; j < Dimensions; j++)
        {
            float[] column = [.. Enumerable.Range(0, 500).Select(i => vectors[i * Dimensions + j])];
            float half = (column.Max() - column.Min()) / 255 / 2;
            for (int i = 0; i < 500; i++)
            {
                MathF.Abs(decoded[i * Dimensions + j] - column[i]).ShouldBeLessThanOrEqualTo(half * 1.001f);
            }
        }
    }

    [Fact]
    public void Product_distances_by_table_are_the_distances_to_what_the_codes_stand_for()
    {
        float[] vectors = CodecData.Vectors(600, Dimensions, 1), query = CodecData.Vectors(1, Dimensions, 2), decoded = new float[vectors.Length];
        foreach (string spec in new[] { "pq:8", "opq:8" })
        {
            ProductCodec codec = (ProductCodec)Train(spec, vectors);
            byte[] codes = Encode(codec, vectors);
            codec.Decode(codes, decoded);
            for (int i = 0; i < 50; i++)
            {
                ((double)codec.SquaredDistance(query, codes.AsSpan(i * 8, 8))).ShouldBe(Kernels.SquaredDistance(query, decoded.AsSpan(i * Dimensions, Dimensions)), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(8)]
    public void The_nearest_centroid_is_that_of_the_scalar_twin_and_the_first_of_equals(int dimensions)
    {
        float[] points = CodecData.Vectors(300, dimensions, 1, unit: false), centroids = CodecData.Vectors(100, dimensions, 2, unit: false);
        centroids.AsSpan(0, dimensions).CopyTo(centroids.AsSpan(70 * dimensions));
        SubCodebook book = new(centroids, dimensions);
        for (int i = 0; i < 300; i++)
        {
            book.Nearest(points.AsSpan(i * dimensions, dimensions)).ShouldBe(book.NearestScalar(points.AsSpan(i * dimensions, dimensions)));
        }
        book.Nearest(centroids.AsSpan(70 * dimensions, dimensions)).Centroid.ShouldBe(0);
        book.ToRows().ShouldBe(centroids);
    }

    [Fact]
    public void The_rotation_of_opq_keeps_lengths()
    {
        float[] vectors = CodecData.Vectors(600, Dimensions, 1);
        Codec codec = Train("opq:8", vectors), wide = Train("opq:64", vectors);
        float[] decoded = new float[vectors.Length];
        wide.Decode(Encode(wide, vectors), decoded);
        Error(vectors, decoded).ShouldBeLessThan(0.02);
        codec.CodeBytes.ShouldBe(8);
    }

    [Fact]
    public void More_rounds_of_k_means_do_not_raise_the_error_and_empty_clusters_are_filled()
    {
        float[] points = CodecData.Vectors(4000, 4, 1);
        double before = double.PositiveInfinity;
        foreach (int rounds in new[] { 1, 3, 10, 25 })
        {
            SubCodebook book = new(KMeans.Train(points, 4, 64, new KMeansPlan(rounds, 7), TestContext.Current.CancellationToken), 4);
            double error = Enumerable.Range(0, 4000).Sum(i => (double)book.Nearest(points.AsSpan(i * 4, 4)).Distance);
            error.ShouldBeLessThan(before);
            before = error;
        }
        float[] planted = [.. Enumerable.Range(0, 1000).Select(i => i % 2 == 0 ? 1f : i)];
        float[] centroids = KMeans.Train(planted, 1, 64, new KMeansPlan(25, 7), TestContext.Current.CancellationToken);
        centroids.Distinct().Count().ShouldBe(64);
    }

    [Fact]
    public void Balanced_assignment_uses_all_centroids_alike()
    {
        float[] points = CodecData.Vectors(2000, 4, 1);
        SubCodebook book = new(KMeans.Train(points, 4, 50, new KMeansPlan(5, 7), TestContext.Current.CancellationToken), 4);
        int plain = Enumerable.Range(0, 2000).Select(i => book.Nearest(points.AsSpan(i * 4, 4)).Centroid).GroupBy(c => c).Max(g => g.Count());
        int[] sizes = [.. BalancedCodebooks.Assign(book, points, TestContext.Current.CancellationToken).GroupBy(c => c).Select(g => g.Count())];
        sizes.Length.ShouldBe(50);
        sizes.Max().ShouldBeLessThanOrEqualTo(65);
        sizes.Min().ShouldBeGreaterThanOrEqualTo(20);
        plain.ShouldBeGreaterThan(sizes.Max());
    }

    [Fact]
    public void Gaussian_levels_leave_the_errors_that_the_literature_gives()
    {
        // Max 1960, table I.
        double[] expected = [1, 0.3634, 0.1175, 0.03454, 0.009497, 0.002499];
        for (int bits = 0; bits < expected.Length; bits++)
        {
            ScalarLevels.GaussianError(bits).ShouldBe(expected[bits], expected[bits] * 0.01, $"{bits} bits");
        }
        ScalarLevels.Gaussian(2).Select(l => Math.Round(l, 2)).ShouldBe([-1.51, -0.45, 0.45, 1.51]);
        ScalarLevels.Nearest([-1, 0, 2], 1).ShouldBe(1);
        ScalarLevels.Nearest([-1, 0, 2], 1.01f).ShouldBe(2);
        ScalarLevels.Nearest([4], 1).ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Bits_fill_all_bytes_cross_no_border_and_fall_with_the_variance(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 60; round++)
        {
            int dimensions = random.Next(1, 200), bytes = random.Next(1, dimensions + 1);
            double[] variances = [.. Enumerable.Range(0, dimensions).Select(i => random.NextDouble() / (1 + i)).OrderDescending()];
            int cellBits = round % 2 == 0 ? 8 : 4;
            bytes = cellBits == 8 ? bytes : Math.Max(1, bytes / 2);
            if (bytes * 8 > dimensions * cellBits)
            {
                continue;
            }
            BitField[] fields = BitAllocation.Fill(variances, bytes, cellBits);
            string because = $"seed {seed}, {dimensions} dimensions, {bytes} bytes, cells of {cellBits}";
            fields.Select(f => f.Direction).ShouldBeUnique(because);
            fields.GroupBy(f => f.Byte).Select(g => g.Sum(f => f.Bits)).ShouldAllBe(b => b == 8, because);
            fields.Max(f => f.Byte).ShouldBe(bytes - 1, because);
            fields.ShouldAllBe(f => f.Shift % cellBits + f.Bits <= cellBits && f.Bits > 0, because);
        }
    }

    [Fact]
    public void At_equal_bytes_principal_codes_and_cosine_scores_find_more_than_opq()
    {
        float[] vectors = CodecData.Vectors(3000, Dimensions, 1), queries = CodecData.Vectors(200, Dimensions, 2);
        double opq = RecallOf("opq:8", vectors, queries), plus = RecallOf("opq+:8", vectors, queries), pca = RecallOf("pca:8", vectors, queries);
        plus.ShouldBeGreaterThan(opq);
        pca.ShouldBeGreaterThan(opq);
        RecallOf("pca:32", vectors, queries).ShouldBeGreaterThan(0.9);
    }

    [Fact]
    public void Itq_never_moves_away_from_the_signs()
    {
        float[] vectors = CodecData.Vectors(1000, 32, 1);
        IReadOnlyList<double> errors = BinaryCodec.Iterate(vectors, 32, new CodecTraining(vectors, 32, 1), TestContext.Current.CancellationToken).Errors;
        errors.Zip(errors.Skip(1), (a, b) => b - a).Max().ShouldBeLessThan(errors[0] * 1e-6);
        errors[^1].ShouldBeLessThan(errors[0]);
    }

    [Fact]
    public void A_hamming_query_ranks_by_the_bits_that_agree()
    {
        float[] vectors = CodecData.Vectors(200, Dimensions, 1);
        BinaryCodec codec = (BinaryCodec)Train("sign", vectors);
        byte[] codes = Encode(codec, vectors);
        CodeQuery query = codec.HammingQuery(vectors.AsSpan(0, Dimensions));
        query.Score(codes.AsSpan(0, 8)).ShouldBe(64);
        query.Score(codes.AsSpan(8, 8)).ShouldBe(64 - IntegerKernels.HammingScalar(codes.AsSpan(0, 8), codes.AsSpan(8, 8)));
    }

    [Theory]
    [InlineData("rabitq:12", 1.9f, 0.08)]
    [InlineData("rabitq:12", 3f, 0.01)]
    [InlineData("rabitq:36", 1.9f, 0.08)]
    public void Rabitq_is_unbiased_and_keeps_its_bound_as_often_as_it_says(string spec, float deviations, double most)
    {
        float[] vectors = CodecData.Vectors(1500, Dimensions, 1), queries = CodecData.Vectors(40, Dimensions, 2);
        RabitqCodec codec = (RabitqCodec)Train(spec, vectors);
        byte[] codes = Encode(codec, vectors);
        (double bias, double size, int beyond, int pairs) = (0, 0, 0, 0);
        for (int q = 0; q < 40; q++)
        {
            ReadOnlySpan<float> own = queries.AsSpan(q * Dimensions, Dimensions);
            RabitqQuery query = codec.BoundedQuery(own);
            for (int i = 0; i < 1500; i++)
            {
                ReadOnlySpan<byte> code = codes.AsSpan(i * codec.CodeBytes, codec.CodeBytes);
                double error = query.Score(code) - Kernels.Dot(own, vectors.AsSpan(i * Dimensions, Dimensions));
                (bias, size, pairs) = (bias + error, size + Math.Abs(error), pairs + 1);
                beyond += Math.Abs(error) > query.ErrorBound(code, deviations) ? 1 : 0;
            }
        }
        Math.Abs(bias / pairs).ShouldBeLessThan(0.1 * size / pairs);
        ((double)beyond / pairs).ShouldBeLessThan(most);
        if (deviations < 2)
        {
            ((double)beyond / pairs).ShouldBeGreaterThan(0.005);
        }
    }

    private static double RecallOf(string spec, float[] vectors, float[] queries)
    {
        Codec codec = Train(spec, vectors);
        byte[] codes = Encode(codec, vectors);
        int rows = vectors.Length / Dimensions;
        float[] scores = new float[rows];
        double found = 0;
        for (int q = 0; q < queries.Length / Dimensions; q++)
        {
            float[] query = queries[(q * Dimensions)..((q + 1) * Dimensions)];
            codec.Query(query).Score(codes, scores);
            int[] exact = [.. Enumerable.Range(0, rows).OrderByDescending(i => Kernels.Dot(query, vectors.AsSpan(i * Dimensions, Dimensions))).Take(10)];
            found += Enumerable.Range(0, rows).OrderByDescending(i => scores[i]).Take(10).Intersect(exact).Count() / 10.0;
        }
        return found / (queries.Length / Dimensions);
    }

    private static double Error(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Sum() / a.Sum(x => (double)x * x);

    private static float[] Decoded(string spec, float[] vectors)
    {
        Codec codec = Train(spec, vectors);
        float[] decoded = new float[vectors.Length];
        codec.Decode(Encode(codec, vectors), decoded);
        return decoded;
    }

    private static Codec Train(string spec, float[] vectors) =>
        CodecSpec.Parse(spec).Train(new CodecTraining(vectors, Dimensions, 1), TestContext.Current.CancellationToken);

    private static byte[] Encode(Codec codec, float[] vectors)
    {
        byte[] codes = new byte[vectors.Length / codec.Dimensions * codec.CodeBytes];
        codec.Encode(vectors, codes);
        return codes;
    }
}
