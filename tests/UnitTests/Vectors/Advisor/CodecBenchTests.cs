using Retrieval.UnitTests.Vectors.Codecs;
using Retrieval.Vectors;
using Retrieval.Vectors.Advisor;
using Retrieval.Vectors.Codecs;

namespace Retrieval.UnitTests.Vectors.Advisor;

public sealed class CodecBenchTests
{
    private const int Dimensions = 32, Rows = 1500, Queries = 60, Total = 6000;
    private static readonly float[] Numbers = CodecData.Vectors(Rows, Dimensions, 1), Asked = CodecData.Vectors(Queries, Dimensions, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static CodecBench Bench(float[]? rows = null, float[]? queries = null) => CodecBench.Of(new BenchVectors(rows ?? Numbers, queries ?? Asked, Dimensions, Total), TimeProvider.System, Cancel);

    private static (IReadOnlyList<CodecTrial> Trials, IReadOnlyList<CodecRefusal> Refused) Run(params string[] specs) => Bench().Run([.. specs.Select(CodecSpec.Parse)], 1, (_, _) => { }, Cancel);

    [Fact]
    public void The_exact_neighbours_are_those_of_a_scan()
    {
        int[][] found = ExactNeighbours.Find(Numbers, Asked, Dimensions, 10, Cancel);
        for (int q = 0; q < Queries; q++)
        {
            double[] dots = [.. Enumerable.Range(0, Rows).Select(r => Enumerable.Range(0, Dimensions).Sum(j => (double)Numbers[r * Dimensions + j] * Asked[q * Dimensions + j]))];
            double tenth = dots.OrderDescending().ElementAt(9);
            found[q].Distinct().Count().ShouldBe(10);
            found[q].ShouldAllBe(r => dots[r] > tenth - 1e-5);
        }
    }

    [Theory]
    [InlineData("pca:4")]
    [InlineData("pca4:8")]
    [InlineData("sign")]
    public void Recall_is_that_of_the_codecs_own_scores(string spec)
    {
        Codec codec = CodecSpec.Parse(spec).Train(new CodecTraining(Numbers, Dimensions, 1), Cancel);
        byte[] codes = new byte[Rows * codec.CodeBytes];
        codec.Encode(Numbers, codes);
        int[][] exact = ExactNeighbours.Find(Numbers, Asked, Dimensions, 10, Cancel);
        double plain = 0, rescored = 0;
        for (int q = 0; q < Queries; q++)
        {
            float[] scores = new float[Rows], query = Asked[(q * Dimensions)..((q + 1) * Dimensions)];
            codec.Query(query).Score(codes, scores);
            int[] order = [.. Enumerable.Range(0, Rows).OrderByDescending(r => scores[r])];
            plain += order.Take(10).Intersect(exact[q]).Count() / 10.0 / Queries;
            rescored += order.Take(40).Intersect(exact[q]).Count() / 10.0 / Queries;
        }
        CodecTrial trial = Run(spec).Trials.Single();
        // Packed codes are scored with tables that are rounded to bytes.
        trial.Plain.Recall.Value.ShouldBe(plain, spec == "pca4:8" ? 0.02 : 1e-9);
        trial.Rescored.Recall.Value.ShouldBe(rescored, spec == "pca4:8" ? 0.02 : 1e-9);
    }

    [Fact]
    public void Bytes_count_codes_factors_and_the_share_of_what_is_common_in_the_whole_collection()
    {
        foreach (CodecTrial trial in Run("float32", "int8", "pq:8", "pca:8").Trials)
        {
            Codec codec = CodecSpec.Parse(trial.Codec).Train(new CodecTraining(Numbers, Dimensions, 1), Cancel);
            trial.BytesAVector.ShouldBe(codec.CodeBytes + codec.SharedBytes / (double)Total, 1e-9, trial.Codec);
            trial.OfFloat32.ShouldBe(trial.BytesAVector / 128, 1e-9);
        }
        Run("pq4:8").Trials.Single().BytesAVector.ShouldBeGreaterThan(12, "8 bytes of code, a factor of 4 beside them");
    }

    [Fact]
    public void A_seed_gives_the_same_recalls_and_the_progress_ends_with_all_codecs()
    {
        List<double> seen = [];
        CodecSpec[] specs = [CodecSpec.Parse("opq:4"), CodecSpec.Parse("itq:2"), CodecSpec.Parse("int8")];
        var first = Bench().Run(specs, 5, (_, done) => seen.Add(done), Cancel).Trials;
        seen.ShouldBe(seen.Order());
        seen[^1].ShouldBe(3);
        Bench().Run(specs, 5, (_, _) => { }, Cancel).Trials.Select(t => (t.Codec, t.BytesAVector, t.Plain.Recall, t.Rescored.Recall)).ShouldBe(first.Select(t => (t.Codec, t.BytesAVector, t.Plain.Recall, t.Rescored.Recall)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(32)]
    [InlineData(48)]
    [InlineData(100)]
    public void Every_kind_is_measured_and_every_size_fits_the_dimensions(int dimensions)
    {
        IReadOnlyList<CodecSpec> specs = CodecGrid.Of(dimensions);
        specs.ShouldBeUnique();
        float[] rows = CodecData.Vectors(40, dimensions, 1, unit: false);
        foreach (CodecSpec spec in specs)
        {
            spec.Train(new CodecTraining(rows, dimensions, 1), Cancel).Dimensions.ShouldBe(dimensions, $"{spec}");
        }
        if (dimensions >= 16)
        {
            specs.Select(s => s.Kind).Distinct().Order().ShouldBe(CodecSpec.Kinds.Order());
        }
    }

    [Fact]
    public void A_codec_that_the_vectors_cannot_have_is_told_with_the_reason_and_the_others_are_measured()
    {
        (IReadOnlyList<CodecTrial> trials, IReadOnlyList<CodecRefusal> refused) = Run("pq:5", "int8");
        trials.Single().Codec.ShouldBe("int8");
        refused.Single().Codec.ShouldBe("pq:5");
        refused.Single().Reason.ShouldContain("32 dimensions cannot be cut into 5");
    }

    [Fact]
    public void Bad_vectors_are_refused_and_equal_or_zero_ones_are_measured()
    {
        float[] broken = [.. Numbers];
        broken[3 * Dimensions + 2] = float.NaN;
        Should.Throw<ArgumentException>(() => Bench(broken)).Message.ShouldContain("row 3, dimension 2 is NaN");
        Should.Throw<ArgumentException>(() => Bench(queries: [.. Asked, float.PositiveInfinity, .. new float[Dimensions - 1]])).Message.ShouldContain("queries takes finite numbers; row 60");
        Should.Throw<ArgumentException>(() => Bench(Numbers[..(9 * Dimensions)])).Message.ShouldContain("at least 10 vectors and a query; there are 9 and 60");
        Should.Throw<ArgumentException>(() => Bench(queries: [])).Message.ShouldContain("there are 1500 and 0");
        float[] odd = [.. Enumerable.Repeat(Numbers[..Dimensions], 30).SelectMany(v => v), .. new float[5 * Dimensions]];
        (IReadOnlyList<CodecTrial> trials, _) = Bench(odd).Run(CodecGrid.Of(Dimensions), 1, (_, _) => { }, Cancel);
        trials.Count.ShouldBeGreaterThan(30);
        trials.ShouldAllBe(t => t.Plain.Recall.Value >= 0 && t.Plain.Recall.Value <= 1);
    }

    [Fact]
    public void Cancelling_ends_a_measurement()
    {
        using CancellationTokenSource source = new();
        Should.Throw<OperationCanceledException>(() => Bench().Run([.. CodecGrid.Of(Dimensions)], 1, (_, done) =>
        {
            if (done > 3)
            {
                source.Cancel();
            }
        }, source.Token));
    }
}
