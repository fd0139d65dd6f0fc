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

    private static readonly int[] Truncated = [8, 16, 32];

    // The sum of 64 tokens by the root of 64.
    private const double MostSqrt = 8;

    [Fact]
    public void Every_mode_gives_the_goldens_in_every_form()
    {
        Goldens goldens = Goldens.Instance;
        int compared = 0;
        foreach (IGrouping<string, GoldenCase> cases in goldens.Cases("pooling").GroupBy(c => c.Model))
        {
            foreach (GoldenForm form in goldens.FormsOf(cases.Key))
            {
                GoldenAccount account = new(form.ToString());
                OnnxModel source = OnnxModel.Read(form.Path);
                foreach ((string name, PoolingMode mode) in Modes)
                {
                    OnnxModel pooled = PoolingPass.Apply(source, mode);
                    compared += Compare(pooled, cases, form, name, account);
                    compared += Compare(VectorPasses.Normalize(pooled), cases, form, $"{name}.l2", account);
                    foreach (int dimensions in Truncated)
                    {
                        compared += Compare(VectorPasses.Normalize(VectorPasses.Truncate(pooled, dimensions)), cases, form, $"{name}.l2.dim{dimensions}", account);
                    }
                }
                account.Close(cases);
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(3000);
    }

    [Fact]
    public void Dense_layers_with_and_without_bias_give_the_goldens_in_every_form()
    {
        Goldens goldens = Goldens.Instance;
        WeightFile heads = Goldens.Heads;
        WeightTensor weight = heads.Require("leaf.dense.weight", 96, 64), bias = heads.Require("leaf.dense.bias", 96);
        int compared = 0;
        foreach (GoldenCase golden in goldens.Cases("leaf"))
        {
            bool biased = golden.Params.GetProperty("bias").GetBoolean();
            string name = biased ? "bias" : "nobias";
            foreach (GoldenForm form in goldens.FormsOf(golden.Model))
            {
                GoldenAccount account = new(form.ToString());
                OnnxModel dense = VectorPasses.Dense(PoolingPass.Apply(OnnxModel.Read(form.Path), PoolingMode.Mean), weight, biased ? bias : null, DenseActivation.Identity);
                compared += Compare(dense, [golden], form, name, account, MostSqrt);
                compared += Compare(VectorPasses.Normalize(dense), [golden], form, $"{name}.l2", account);
                Losses(dense, golden, form);
                account.Add(golden, golden.Key($"{name}.losses")!);
                account.Close([golden]);
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(100);
    }

    /// <summary>LEAF's losses of the graph's vectors against the teacher's, all five of the reference. A lossy form's vectors stand off by its tolerance, so do the losses.</summary>
    private static void Losses(OnnxModel dense, GoldenCase golden, GoldenForm form)
    {
        using ModelRun run = new(VectorPasses.Normalize(dense)), raw = new(dense);
        Feed feed = golden.Feeds().First().Feed;
        float[] teacher = golden.Floats("in.leaf.teacher"), expected = golden.Floats(golden.Expected.Single(k => k.EndsWith("losses", StringComparison.Ordinal)));
        float[] student = run.Floats(feed, TokenStates.Vector).Values, before = raw.Floats(feed, TokenStates.Vector).Values;
        double[] losses = new double[5];
        int texts = feed.Rows, width = teacher.Length / texts;
        for (int text = 0; text < texts; text++)
        {
            float[] t = teacher[(text * width)..((text + 1) * width)], s = student[(text * width)..((text + 1) * width)], b = before[(text * width)..((text + 1) * width)];
            double length = Math.Sqrt(t.Sum(x => (double)x * x));
            double[] unit = [.. t.Select(x => x / length)];
            double squared = s.Zip(unit, (x, y) => (x - y) * (x - y)).Sum();
            losses[0] += squared / texts;
            losses[1] += Math.Sqrt(squared) / texts;
            losses[2] += squared / texts / width;
            losses[3] += b.Zip(unit, (x, y) => (x - y) * (x - y)).Sum() / texts;
            losses[4] += s.Zip(unit, (x, y) => x * y).Sum() / texts;
        }
        for (int i = 0; i < losses.Length; i++)
        {
            // A squared distance moves by twice the distance times what the vector moves by.
            double scale = Math.Max(1, Math.Sqrt(Math.Abs(expected[i]))), allowed = form.IsLossy ? 2 * scale * form.Tolerance * MostSqrt : 1e-4 * scale;
            losses[i].ShouldBe(expected[i], allowed, $"{golden.Id} {form}, loss {i}");
        }
    }

    [Fact]
    public void A_vector_does_not_depend_on_the_batch_and_a_text_without_tokens_gives_zeros()
    {
        Goldens goldens = Goldens.Instance;
        GoldenCase golden = goldens.Cases("pooling").First(c => c.Id == "bert/pool/right5");
        foreach (PoolingMode mode in Modes.Values)
        {
            using ModelRun run = new(PoolingPass.Apply(OnnxModel.Read(goldens.FormsOf("bert").First(f => f.Name == "ts-sdpa-17.onnx").Path), mode));
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
        Goldens goldens = Goldens.Instance;
        OnnxModel model = OnnxModel.Read(goldens.FormsOf("bert").First().Path), pooled = PoolingPass.Apply(model, PoolingMode.Mean);
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
        Goldens goldens = Goldens.Instance;
        GoldenCase golden = goldens.Cases("pooling").First(c => c.Id == "bert/pool/single16");
        OnnxModel pooled = PoolingPass.Apply(OnnxModel.Read(goldens.FormsOf("bert").First(f => f.Name == "ts-eager-14.onnx").Path), PoolingMode.Mean);
        WeightTensor identity = new("w", [64, 64], [.. Enumerable.Range(0, 4096).Select(i => i % 65 == 0 ? 1f : 0f)]);
        using ModelRun run = new(VectorPasses.Dense(pooled, identity, null, activation));
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

    private static int Compare(OnnxModel model, IEnumerable<GoldenCase> cases, GoldenForm form, string name, GoldenAccount account, double scale = MostSqrt)
    {
        using ModelRun run = new(model);
        int compared = 0;
        foreach (GoldenCase golden in cases)
        {
            string key = golden.Key(name)!;
            foreach ((string padding, Feed feed) in golden.Feeds().Where(f => f.Name.Length == 0 || !form.RightOnly))
            {
                (float[] values, int[] shape) = run.Floats(feed, TokenStates.Vector);
                shape[0].ShouldBe(feed.Rows);
                Near.Largest(values, golden.Floats(key)).ShouldBeLessThanOrEqualTo(golden.Allowed(form, scale), $"{form} {key} {padding}");
                compared++;
            }
            account.Add(golden, key);
        }
        return compared;
    }
}
