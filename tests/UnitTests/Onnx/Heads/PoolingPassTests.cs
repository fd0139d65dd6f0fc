using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx.Heads;

/// <summary>Pooling, truncation, unit length and dense layers inside the graph, on every export form of every golden model.</summary>
public sealed class PoolingPassTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, PoolingMode> Modes = new()
    {
        ["cls"] = PoolingMode.Cls, ["mean"] = PoolingMode.Mean, ["max"] = PoolingMode.Max, ["lasttoken"] = PoolingMode.LastToken,
        ["mean_sqrt_len"] = PoolingMode.MeanSqrtLen, ["weightedmean"] = PoolingMode.WeightedMean,
    };

    // The sum of 64 tokens by the root of 64.
    private const double MostSqrt = 8;

    [Fact]
    public void Every_mode_gives_the_goldens_in_every_form()
    {
        Goldens goldens = new();
        int compared = 0;
        foreach (IGrouping<string, GoldenCase> cases in goldens.Cases("pooling").GroupBy(c => c.Model))
        {
            foreach (GoldenForm form in goldens.Forms(cases.Key))
            {
                OnnxModel source = OnnxModel.Read(form.Path);
                foreach ((string name, PoolingMode mode) in Modes)
                {
                    OnnxModel pooled = PoolingPass.Apply(source, mode);
                    compared += Compare(pooled, cases, form, c => c.Expected.Where(k => k.EndsWith('.' + name, StringComparison.Ordinal)));
                    if (mode is PoolingMode.Mean)
                    {
                        compared += Compare(VectorPasses.Normalize(pooled), cases, form, c => c.Expected.Where(k => k.EndsWith($".{name}.l2", StringComparison.Ordinal)));
                    }
                    if (mode is PoolingMode.Mean or PoolingMode.Max)
                    {
                        compared += Compare(VectorPasses.Normalize(VectorPasses.Truncate(pooled, 16)), cases, form, c => c.Expected.Where(k => k.EndsWith($".{name}.l2.dim16", StringComparison.Ordinal)));
                    }
                }
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(800);
    }

    [Fact]
    public void Dense_layers_with_and_without_bias_give_the_goldens_in_every_form()
    {
        Goldens goldens = new();
        WeightFile heads = goldens.Heads;
        WeightTensor weight = heads.Require("leaf.dense.weight", 96, 64), bias = heads.Require("leaf.dense.bias", 96);
        int compared = 0;
        foreach (GoldenCase golden in goldens.Cases("leaf"))
        {
            bool biased = golden.Params.GetProperty("bias").GetBoolean();
            foreach (GoldenForm form in goldens.Forms(golden.Model))
            {
                OnnxModel dense = VectorPasses.Dense(PoolingPass.Apply(OnnxModel.Read(form.Path), PoolingMode.Mean), weight, biased ? bias : null, DenseActivation.Identity);
                compared += Compare(dense, [golden], form, c => c.Expected.Where(k => k.EndsWith("bias", StringComparison.Ordinal)), MostSqrt);
                compared += Compare(VectorPasses.Normalize(dense), [golden], form, c => c.Expected.Where(k => k.EndsWith("bias.l2", StringComparison.Ordinal)));
                Losses(dense, golden, form);
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(100);
    }

    /// <summary>LEAF's loss of the graph's unit vectors against the teacher's: the reference's first and last figure.</summary>
    private static void Losses(OnnxModel dense, GoldenCase golden, GoldenForm form)
    {
        if (form.IsLossy)
        {
            return;
        }
        using OrtRun run = new(VectorPasses.Normalize(dense));
        float[] teacher = golden.Floats("in.leaf.teacher"), expected = golden.Floats(golden.Expected.Single(k => k.EndsWith("losses", StringComparison.Ordinal)));
        float[] student = run.Floats(golden.Feeds().First().Feed, TokenStates.Vector).Values;
        double distance = 0, cosine = 0;
        for (int text = 0; text < 5; text++)
        {
            float[] t = [.. teacher.AsSpan(text * 96, 96)];
            double length = Math.Sqrt(t.Sum(x => (double)x * x));
            distance += Enumerable.Range(0, 96).Sum(i => Math.Pow(student[text * 96 + i] - t[i] / length, 2)) / 5;
            cosine += Enumerable.Range(0, 96).Sum(i => student[text * 96 + i] * t[i] / length) / 5;
        }
        distance.ShouldBe(expected[0], 1e-4, $"{golden.Id} {form}");
        cosine.ShouldBe(expected[4], 1e-4, $"{golden.Id} {form}");
    }

    [Fact]
    public void A_vector_does_not_depend_on_the_batch_and_a_text_without_tokens_gives_zeros()
    {
        Goldens goldens = new();
        GoldenCase golden = goldens.Cases("pooling").First(c => c.Id == "bert/pool/right5");
        foreach (PoolingMode mode in Modes.Values)
        {
            using OrtRun run = new(PoolingPass.Apply(OnnxModel.Read(goldens.Forms("bert").First(f => f.Name == "ts-sdpa-17.onnx").Path), mode));
            Feed feed = golden.Feeds().First().Feed;
            float[] all = run.Floats(feed, TokenStates.Vector).Values;
            for (int row = 0; row < feed.Rows; row++)
            {
                Near.Largest(run.Floats(feed.Single(row), TokenStates.Vector).Values, all.AsSpan(row * 64, 64)).ShouldBeLessThan(2e-5, $"{mode}, row {row}");
            }
            long[] none = [.. feed.Mask];
            none.AsSpan(0, feed.Columns).Clear();
            float[] empty = run.Floats(feed with { Mask = none }, TokenStates.Vector).Values;
            empty[..64].ShouldAllBe(x => x == 0, $"{mode}");
            Near.Largest(empty.AsSpan(64), all.AsSpan(64)).ShouldBeLessThan(2e-5);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_the_file_and_the_way_out()
    {
        Goldens goldens = new();
        OnnxModel model = OnnxModel.Read(goldens.Forms("bert").First().Path), pooled = PoolingPass.Apply(model, PoolingMode.Mean);
        Refusal(() => VectorPasses.Normalize(model)).ShouldContain("Pool it first");
        Refusal(() => VectorPasses.Truncate(pooled, 65)).ShouldContain("65 dimensions are asked of vectors of 64. Ask for 1 to 64");
        Refusal(() => VectorPasses.Truncate(pooled, 0)).ShouldContain("Ask for 1 to 64");
        Refusal(() => VectorPasses.Dense(pooled, new WeightTensor("w", [96, 48], new float[96 * 48]), null, DenseActivation.Identity)).ShouldContain("'w' of 96 x 48 don't fit behind 64 numbers");
        Refusal(() => VectorPasses.Dense(pooled, new WeightTensor("w", [96, 64], new float[96 * 64]), new WeightTensor("b", [95], new float[95]), DenseActivation.Identity)).ShouldContain("bias 'b' of 95");
        OnnxModel classifier = OnnxModel.Read(Path.Combine(Retrieval.Tests.Data.Shared.Require("golden", "bert_heads"), "classifier.onnx"));
        string refusal = Refusal(() => PoolingPass.Apply(classifier, PoolingMode.Mean));
        refusal.ShouldContain("classifier.onnx");
        refusal.ShouldContain("its outputs are logits");
    }

    [Theory]
    [InlineData(DenseActivation.Identity)]
    [InlineData(DenseActivation.Tanh)]
    [InlineData(DenseActivation.Relu)]
    [InlineData(DenseActivation.Gelu)]
    [InlineData(DenseActivation.Sigmoid)]
    public void Activations_are_applied(DenseActivation activation)
    {
        Goldens goldens = new();
        GoldenCase golden = goldens.Cases("pooling").First(c => c.Id == "bert/pool/single16");
        OnnxModel pooled = PoolingPass.Apply(OnnxModel.Read(goldens.Forms("bert").First(f => f.Name == "ts-eager-14.onnx").Path), PoolingMode.Mean);
        WeightTensor identity = new("w", [64, 64], [.. Enumerable.Range(0, 4096).Select(i => i % 65 == 0 ? 1f : 0f)]);
        using OrtRun run = new(VectorPasses.Dense(pooled, identity, null, activation));
        float[] actual = run.Floats(golden.Feeds().First().Feed, TokenStates.Vector).Values;
        float[] expected = [.. golden.Floats("pool.single16.mean").Select(x => activation switch
        {
            DenseActivation.Tanh => MathF.Tanh(x),
            DenseActivation.Relu => MathF.Max(x, 0),
            DenseActivation.Gelu => (float)(x * Normal(x)),
            DenseActivation.Sigmoid => 1 / (1 + MathF.Exp(-x)),
            _ => x,
        })];
        Near.Largest(actual, expected).ShouldBeLessThan(3e-5);
    }

    /// <summary>The normal distribution by its power series.</summary>
    private static double Normal(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= -x * x / (2 * n);
            sum += term / (2 * n + 1);
        }
        return 0.5 + sum / Math.Sqrt(2 * Math.PI);
    }

    private static string Refusal(Action act) => Should.Throw<PassRefusedException>(act).Message;

    private static int Compare(OnnxModel model, IEnumerable<GoldenCase> cases, GoldenForm form, Func<GoldenCase, IEnumerable<string>> keys, double scale = MostSqrt)
    {
        using OrtRun run = new(model);
        int compared = 0;
        foreach (GoldenCase golden in cases)
        {
            foreach ((string padding, Feed feed) in golden.Feeds().Where(f => f.Name.Length == 0 || !form.RightOnly))
            {
                string key = keys(golden).Single();
                (float[] values, int[] shape) = run.Floats(feed, TokenStates.Vector);
                shape[0].ShouldBe(feed.Rows);
                Near.Largest(values, golden.Floats(key)).ShouldBeLessThanOrEqualTo(golden.Allowed(form, scale), $"{form} {key} {padding}");
                compared++;
            }
        }
        return compared;
    }
}
