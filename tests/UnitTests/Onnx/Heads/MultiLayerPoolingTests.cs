using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx.Heads;

/// <summary>Multi-layers trainable pooling: goldens of every form, and the identities of papers.md A9.</summary>
public sealed class MultiLayerPoolingTests(ITestOutputHelper output)
{
    private const int Heads = 4;

    [Fact]
    public void Every_form_gives_the_goldens()
    {
        Goldens goldens = Goldens.Instance;
        (CrossAttentionWeights weights, WeightTensor table) = Weights(goldens);
        int compared = 0;
        foreach (GoldenCase golden in goldens.Cases("multilayer_pooling"))
        {
            bool isBidirectional = golden.Params.GetProperty("attention").GetString() == "bidirectional", isLast = golden.Id.EndsWith("lasttoken", StringComparison.Ordinal);
            foreach (GoldenForm form in goldens.FormsOf(golden.Model).Where(f => !(isBidirectional && f.IsGrouped)))
            {
                GoldenAccount account = new(form.ToString());
                OnnxModel source = OnnxModel.Read(form.Path);
                OnnxModel pooled = new MultiLayerPooling(isLast ? PoolingMode.LastToken : PoolingMode.Mean, weights, table).Apply(isBidirectional ? new Bidirectional().Apply(source) : source);
                using ModelRun run = new(pooled), unit = new(VectorPasses.Normalize(pooled));
                foreach ((string padding, Feed feed) in golden.Feeds().Where(f => f.Name.Length == 0 || !form.RightOnly))
                {
                    string key = golden.Expected.First(k => k.EndsWith(isLast ? "lasttoken" : "mean", StringComparison.Ordinal)), at = $"{form} {key} {padding}";
                    Near.Largest(run.Floats(feed, MultiLayerPooling.LayerVectors).Values, golden.Floats(key + ".layers")).ShouldBeLessThanOrEqualTo(golden.Allowed(form), at);
                    Near.Largest(run.Floats(feed, TokenStates.Vector).Values, golden.Floats(key)).ShouldBeLessThanOrEqualTo(golden.Allowed(form), at);
                    Near.Largest(unit.Floats(feed, TokenStates.Vector).Values, golden.Floats(key + ".l2")).ShouldBeLessThanOrEqualTo(golden.Allowed(form), at);
                    Array.ForEach((string[])[key, key + ".layers", key + ".l2"], k => account.Add(golden, k));
                    compared += 3;
                }
                account.Close([golden]);
            }
        }
        output.WriteLine($"{compared} arrays compared");
        compared.ShouldBeGreaterThan(250);
    }

    [Fact]
    public void With_outputs_of_zero_a_text_gives_the_mean_of_the_latents()
    {
        Goldens goldens = Goldens.Instance;
        (CrossAttentionWeights weights, WeightTensor table) = Weights(goldens);
        CrossAttentionWeights silent = weights with
        {
            Attention = [weights.Attention[0], weights.Attention[1], Zero(weights.Attention[2])], Forward = [weights.Forward[0], weights.Forward[1], Zero(weights.Forward[2]), Zero(weights.Forward[3])],
        };
        (OnnxModel model, Feed feed) = Plain(goldens);
        using ModelRun run = new(new MultiLayerPooling(PoolingMode.Mean, silent, table).Apply(model));
        float[] mean = [.. Enumerable.Range(0, 64).Select(i => Enumerable.Range(0, 8).Average(l => weights.Latents.Values[l * 64 + i]))], vectors = run.Floats(feed, TokenStates.Vector).Values;
        for (int row = 0; row < feed.Rows; row++)
        {
            Near.Largest(vectors.AsSpan(row * 64, 64), mean).ShouldBeLessThan(1e-6);
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Goldens goldens = Goldens.Instance;
        (CrossAttentionWeights weights, WeightTensor table) = Weights(goldens);
        (OnnxModel model, _) = Plain(goldens);
        WeightTensor low = new("ml.pos_emb.weight", [3, 64], table.Values[..(3 * 64)]);
        Should.Throw<PassRefusedException>(() => new MultiLayerPooling(PoolingMode.Mean, weights, low).Apply(model)).Message.ShouldContain("4 layers need a row each of 'ml.pos_emb.weight', which is 3 x 64");
        CrossAttentionWeights narrow = weights with { Latents = new WeightTensor("ml.latents", [8, 32], new float[256]) };
        Should.Throw<PassRefusedException>(() => new MultiLayerPooling(PoolingMode.Mean, narrow, table).Apply(model)).Message.ShouldContain("32 numbers a token, and the model has 64");
        GoldenForm grouped = goldens.FormsOf("llama").First(f => f.IsGrouped);
        Should.Throw<PassRefusedException>(() => new Bidirectional().Apply(OnnxModel.Read(grouped.Path))).Message.ShouldContain("GroupQueryAttention");
    }

    private static (OnnxModel, Feed) Plain(Goldens goldens) =>
        (OnnxModel.Read(goldens.FormsOf("bert").First(f => f.Name == "ts-sdpa-14.onnx").Path), goldens.Cases("multilayer_pooling").First(c => c.Id == "bert/multilayer/right5/mean").Feeds().First().Feed);

    private static (CrossAttentionWeights, WeightTensor) Weights(Goldens goldens) => (CrossAttentionWeights.Read(Goldens.Heads, "ml.", Heads), Goldens.Heads.Require("ml.pos_emb.weight", 6, 64));

    private static WeightTensor Zero(WeightTensor tensor) => tensor with { Values = new float[tensor.Values.Length] };
}
