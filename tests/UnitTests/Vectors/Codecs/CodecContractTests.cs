using System.Collections.Concurrent;
using Retrieval.Vectors;
using Retrieval.Vectors.Codecs;

namespace Retrieval.UnitTests.Vectors.Codecs;

/// <summary>What holds for every codec.</summary>
public sealed class CodecContractTests
{
    private const int Dimensions = 32, Rows = 400;
    private static readonly ConcurrentDictionary<string, Codec> Once = new();

    public static TheoryData<string> Specs =>
    [
        "float32", "float16", "int8", "pq:4", "opq:4", "opq+:4", "repconc:4", "pca:4", "pca:7", "pca:16", "pca:32", "pca4:4", "pca4:16", "pq4:8", "opq4:4", "rabitq:8", "rabitq:20", "sign", "itq:3", "qdrant-scalar", "qdrant-product:4", "qdrant-binary",
    ];

    public static TheoryData<string> SizedKinds => [.. CodecSpec.SizedKinds];

    [Fact]
    public void Every_kind_is_tested_here() => Specs.Select(s => CodecSpec.Parse(s.Data).Kind).Distinct().Order().ShouldBe(CodecSpec.Kinds.Order());

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_score_is_the_inner_product_with_what_the_code_stands_for(string spec)
    {
        foreach (bool unit in new[] { true, false })
        {
            float[] vectors = CodecData.Vectors(Rows, Dimensions, 1, unit), query = CodecData.Vectors(1, Dimensions, 2);
            Codec codec = Train(spec, vectors);
            byte[] codes = Encode(codec, vectors);
            float[] decoded = new float[vectors.Length], scores = new float[Rows];
            codec.Decode(codes, decoded);
            codec.Query(query).Score(codes, scores);
            float[] seen = spec.StartsWith("qdrant-", StringComparison.Ordinal) && !spec.Contains("product", StringComparison.Ordinal) ? Coded(codec, query) : query;
            for (int i = 0; i < Rows; i++)
            {
                double dot = Enumerable.Range(0, Dimensions).Sum(j => (double)seen[j] * decoded[i * Dimensions + j]);
                ((double)scores[i]).ShouldBe(dot, 2e-3 * Math.Max(1, Math.Abs(dot)), $"{spec}, unit {unit}, row {i}");
                codec.Query(query).Score(codes.AsSpan(i * codec.CodeBytes, codec.CodeBytes)).ShouldBe(scores[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void One_by_one_on_several_cores_and_after_reading_back_the_codes_are_the_same(string spec)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), query = CodecData.Vectors(1, Dimensions, 2);
        Codec codec = Trained(spec), read = Codec.Read(codec.ToBytes());
        byte[] codes = Encode(codec, vectors), parallel = new byte[codes.Length], single = new byte[codes.Length];
        codec.Encode(vectors.AsMemory(), parallel.AsMemory(), TestContext.Current.CancellationToken);
        for (int i = 0; i < Rows; i++)
        {
            codec.Encode(vectors.AsSpan(i * Dimensions, Dimensions), single.AsSpan(i * codec.CodeBytes, codec.CodeBytes));
        }
        parallel.ShouldBe(codes);
        single.ShouldBe(codes);
        (read.Kind, read.Dimensions, read.CodeBytes, read.SharedBytes).ShouldBe((codec.Kind, codec.Dimensions, codec.CodeBytes, codec.SharedBytes));
        Encode(read, vectors).ShouldBe(codes);
        read.Query(query).Score(codes.AsSpan(0, codec.CodeBytes)).ShouldBe(codec.Query(query).Score(codes.AsSpan(0, codec.CodeBytes)));
        read.ToBytes().ShouldBe(codec.ToBytes());
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void The_seed_decides_everything(string spec)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1);
        Train(spec, vectors).ToBytes().ShouldBe(Trained(spec).ToBytes());
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void What_was_coded_and_decoded_is_coded_alike(string spec)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1), decoded = new float[vectors.Length];
        Codec codec = Trained(spec);
        byte[] codes = Encode(codec, vectors);
        codec.Decode(codes, decoded);
        if (codec.Kind is "pq" or "opq" or "pq4" or "opq4" or "qdrant-product" or "float32" or "float16" or "int8" or "qdrant-scalar" or "qdrant-binary")
        {
            Encode(codec, decoded).ShouldBe(codes);
        }
        for (int i = 0; i < Rows; i++)
        {
            Kernels.Cosine(vectors.AsSpan(i * Dimensions, Dimensions), decoded.AsSpan(i * Dimensions, Dimensions)).ShouldBeGreaterThan(0.3f, $"{spec}, row {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Numbers_that_are_not_finite_and_other_dimensions_are_refused_by_name(string spec)
    {
        float[] vectors = CodecData.Vectors(Rows, Dimensions, 1);
        Codec codec = Trained(spec);
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] broken = [.. vectors];
            broken[3 * Dimensions + 5] = bad;
            Should.Throw<ArgumentException>(() => Encode(codec, broken)).Message.ShouldContain($"row 3, dimension 5 is {bad}");
            Should.Throw<ArgumentException>(() => Train(spec, broken)).Message.ShouldContain($"row 3, dimension 5 is {bad}");
            Should.Throw<ArgumentException>(() => codec.Query(broken.AsSpan(3 * Dimensions, Dimensions))).Message.ShouldContain("dimension 5");
        }
        Should.Throw<ArgumentException>(() => codec.Encode(new float[Dimensions + 1], new byte[codec.CodeBytes])).Message.ShouldContain($"takes rows of {Dimensions} dimensions; {Dimensions + 1} numbers");
        Should.Throw<ArgumentException>(() => codec.Encode(vectors, new byte[codec.CodeBytes])).Message.ShouldContain($"{Rows} codes of {codec.CodeBytes} bytes");
        Should.Throw<ArgumentException>(() => codec.Query(vectors)).Message.ShouldContain("one query");
        Should.Throw<ArgumentException>(() => codec.Query(vectors.AsSpan(0, Dimensions)).Score(new byte[codec.CodeBytes], new float[2])).Message.ShouldContain("2 codes");
        Should.Throw<ArgumentException>(() => Train(spec, [])).Message.ShouldContain("needs a sample");
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_zero_vector_is_coded_or_refused_but_never_scored_as_something_else(string spec)
    {
        float[] query = CodecData.Vectors(1, Dimensions, 2);
        Codec unit = Trained(spec);
        if (unit is DirectionCodec)
        {
            Should.Throw<ArgumentException>(() => Encode(unit, new float[Dimensions])).Message.ShouldContain("was trained on unit vectors; row 0 has length 0");
        }
        Codec any = Train(spec, [.. CodecData.Vectors(Rows, Dimensions, 1, unit: false), .. new float[Dimensions]]);
        float score = any.Query(query).Score(Encode(any, new float[Dimensions]));
        float.IsFinite(score).ShouldBeTrue();
        if (any is DirectionCodec)
        {
            score.ShouldBe(0);
        }
        float.IsFinite(any.Query(new float[Dimensions]).Score(Encode(any, query))).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Few_equal_and_only_zero_vectors_can_be_trained_on_or_are_refused_with_a_reason(string spec)
    {
        float[] one = CodecData.Vectors(1, Dimensions, 1), few = CodecData.Vectors(20, Dimensions, 1);
        float[][] samples = [one, few, [.. Enumerable.Repeat(one, 300).SelectMany(v => v)], [.. few, .. few]];
        foreach (float[] sample in samples)
        {
            Codec codec = Train(spec, sample);
            float score = codec.Query(one).Score(Encode(codec, one));
            float.IsFinite(score).ShouldBeTrue(spec);
            if (!spec.StartsWith("qdrant-binary", StringComparison.Ordinal))
            {
                score.ShouldBeGreaterThan(0.5f, $"{spec}, {sample.Length / Dimensions} vectors");
            }
        }
        try
        {
            Codec codec = Train(spec, new float[3 * Dimensions]);
            codec.ShouldNotBeOfType<DirectionCodec>();
            float.IsFinite(codec.Query(one).Score(Encode(codec, new float[Dimensions]))).ShouldBeTrue();
        }
        catch (ArgumentException e)
        {
            e.Message.ShouldBe("All 3 vectors of the sample are zero: there is no direction to learn from.");
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Damaged_and_newer_codecs_are_refused(string spec)
    {
        byte[] bytes = Trained(spec).ToBytes();
        foreach (int at in new[] { 0, 6, 9, bytes.Length / 2, bytes.Length - 9, bytes.Length - 1 })
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x40;
            Should.Throw<CodecFormatException>(() => Codec.Read(damaged), $"{spec}, byte {at}");
        }
        Should.Throw<CodecFormatException>(() => Codec.Read(bytes.AsSpan(0, bytes.Length - 1))).Message.ShouldContain("checksum");
        Should.Throw<CodecFormatException>(() => Codec.Read([])).Message.ShouldContain("are not a codec");
        byte[] newer = [.. bytes];
        newer[4] = 2;
        Should.Throw<CodecFormatException>(() => Codec.Read(newer)).Message.ShouldContain("format version 2; this program reads up to 1");
    }

    [Theory]
    [MemberData(nameof(SizedKinds))]
    public void Training_stops_when_it_is_cancelled(string kind)
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Should.Throw<OperationCanceledException>(() => new CodecSpec(kind, 8).Train(new CodecTraining(CodecData.Vectors(Rows, 64, 1), 64, 1), source.Token));
    }

    [Theory]
    [InlineData("pq:4")]
    [InlineData("opq:4")]
    [InlineData("opq+:4")]
    [InlineData("pca:4")]
    [InlineData("itq:3")]
    [InlineData("rabitq:8")]
    public void Training_tells_how_far_it_is(string spec)
    {
        List<double> seen = [];
        CodecSpec.Parse(spec).Train(new CodecTraining(CodecData.Vectors(Rows, Dimensions, 1), Dimensions, 1, new Told(seen)), TestContext.Current.CancellationToken);
        seen.ShouldBe(seen.Order());
        seen[^1].ShouldBe(1);
    }

    [Theory]
    [InlineData("pca", "with a colon and the bytes")]
    [InlineData("int8:3", "Codec \"int8:3\" is not known")]
    [InlineData("pca:x", "Codec \"pca:x\" is not known")]
    [InlineData("pca:0", "Codec \"pca:0\" is not known")]
    [InlineData("pca:4:4", "Codec \"pca:4:4\" is not known")]
    public void A_spec_that_cannot_be_read_is_refused_with_the_kinds_there_are(string spec, string message) =>
        Should.Throw<ArgumentException>(() => CodecSpec.Parse(spec)).Message.ShouldContain(message);

    [Fact]
    public void A_spec_of_an_unknown_kind_trains_nothing() =>
        Should.Throw<ArgumentException>(() => new CodecSpec("pcx", 8).Train(new CodecTraining(new float[8], 8, 1), TestContext.Current.CancellationToken)).Message.ShouldContain("Codec \"pcx:8\" is not known");

    [Theory]
    [InlineData("pq:5", "32 dimensions cannot be cut into 5")]
    [InlineData("opq:33", "32 dimensions cannot be cut into 33")]
    [InlineData("pca:33", "33 bytes are not 1 to 32")]
    [InlineData("pca4:17", "17 bytes are not 1 to 16")]
    [InlineData("itq:5", "Take at most 4")]
    [InlineData("rabitq:7", "needs at least 8 bytes at 32 dimensions")]
    [InlineData("qdrant-product:9", "Take 8")]
    public void Bytes_that_do_not_fit_the_dimensions_are_refused_with_the_way_out(string spec, string message) =>
        Should.Throw<ArgumentException>(() => Train(spec, CodecData.Vectors(Rows, Dimensions, 1))).Message.ShouldContain(message);

    [Theory]
    [InlineData(1, "pca:1")]
    [InlineData(1, "pq:1")]
    [InlineData(3, "pca:2")]
    [InlineData(13, "pca:5")]
    [InlineData(13, "rabitq:12")]
    [InlineData(13, "sign")]
    [InlineData(13, "qdrant-binary")]
    [InlineData(13, "qdrant-product:4")]
    [InlineData(13, "int8")]
    public void Dimensions_that_fill_no_whole_byte_are_coded(int dimensions, string spec)
    {
        float[] vectors = CodecData.Vectors(400, dimensions, 1, unit: false);
        Codec codec = CodecSpec.Parse(spec).Train(new CodecTraining(vectors, dimensions, 1), TestContext.Current.CancellationToken);
        byte[] codes = Encode(codec, vectors);
        float[] decoded = new float[vectors.Length];
        Codec.Read(codec.ToBytes()).Decode(codes, decoded);
        Enumerable.Range(0, 400).Average(i => Kernels.Cosine(vectors.AsSpan(i * dimensions, dimensions), decoded.AsSpan(i * dimensions, dimensions))).ShouldBeGreaterThan(0.5f);
    }

    private static float[] Coded(Codec codec, float[] query)
    {
        float[] coded = new float[query.Length];
        codec.Decode(Encode(codec, query), coded);
        return coded;
    }

    /// <summary>Trained once for all tests: a codec does not change.</summary>
    private static Codec Trained(string spec) => Once.GetOrAdd(spec, s => Train(s, CodecData.Vectors(Rows, Dimensions, 1)));

    private static Codec Train(string spec, float[] vectors) =>
        CodecSpec.Parse(spec).Train(new CodecTraining(vectors, Dimensions, 1), TestContext.Current.CancellationToken);

    private static byte[] Encode(Codec codec, float[] vectors)
    {
        byte[] codes = new byte[vectors.Length / codec.Dimensions * codec.CodeBytes];
        codec.Encode(vectors, codes);
        return codes;
    }

    private sealed class Told(List<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen.Add(value);
    }
}
