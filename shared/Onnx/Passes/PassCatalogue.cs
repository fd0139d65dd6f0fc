namespace Retrieval.Onnx;

/// <summary>Every pass with usual parameters: what an inspection tries. Heads whose weights were trained for a model are tried with zeros of its width.</summary>
public static class PassCatalogue
{
    private const int Words = 10;

    /// <summary>Passes that need no weights of their own: what each is for, and the pass.</summary>
    public static IReadOnlyList<(string What, GraphPass Pass)> All { get; } =
    [
        ("temperature of the attention", new TempScale(0.8)),
        ("exit after a layer", new Exit(1)),
        ("mix of layers", new LayerMix([new(0, 0.5), new(1, 0.5)])),
        ("states of all layers", new HiddenStates()),
        ("many texts a row, no padding", new Packing()),
        ("causal to bidirectional", new Bidirectional()),
        ("Token Prepending", new TokenPrepending()),
        ("int8 by token, the same in any batch", new Int8(new Int8Options())),
        ("a vector as words of the vocabulary", new Explain(Words)),
    ];

    /// <summary>Tries all of them, and the heads.</summary>
    /// <param name="model">Which.</param>
    /// <param name="graph">Its analysis.</param>
    /// <returns>What each is for, the pass as it was tried, and why it does not apply; null: it does.</returns>
    public static IReadOnlyList<(string What, string Pass, string? WhyNot)> Try(OnnxModel model, TransformerGraph graph)
    {
        CrossAttentionWeights weights = Zeros(graph.HiddenSize ?? 1);
        return
        [
            .. All.Select(p => (p.What, p.Pass.Name, p.Pass.Refusal(graph))),
            ("latent attention (NV-Embed), with trained weights", "latent-attention", Refusal(() => LatentAttentionPass.Apply(model, weights, folded: true))),
            ("pooling over all layers, with trained weights", "multi-layer-pooling", new MultiLayerPooling(PoolingMode.Mean, weights, Zero("table", graph.Layers.Count, weights.Width)).Refusal(graph)),
            ("pooling inside the graph", "pooling(mean)", Refusal(() => PoolingPass.Apply(model, PoolingMode.Mean))),
            ("a text as weights of the vocabulary (SPLADE, DupMAE, VDR)", "vocabulary(log of relu)", Refusal(() => VocabularyPass.Apply(model, VocabularyWeight.LogOfReLU, null))),
            ("score of a cross-encoder or classifier", "score", Refusal(() => ScorePass.Apply(model))),
        ];
    }

    private static string? Refusal(Func<OnnxModel> apply)
    {
        try
        {
            apply();
            return null;
        }
        catch (PassRefusedException refused)
        {
            return refused.Reason;
        }
    }

    private static CrossAttentionWeights Zeros(int width)
    {
        WeightTensor[] norms = [.. Enumerable.Range(0, 6).Select(i => Zero($"norm{i}", width))];
        return new CrossAttentionWeights("", 1, Zero("latents", 1, width), norms, [Zero("to_q", 1, width), Zero("to_kv", 2, width), Zero("to_out", width, 1)], [Zero("ff1", 2, width), Zero("ff1.bias", 2), Zero("ff2", width, 1), Zero("ff2.bias", width)]);
    }

    private static WeightTensor Zero(string name, params int[] shape) => new(name, shape, new float[shape.Aggregate(1, (a, b) => a * b)]);
}
