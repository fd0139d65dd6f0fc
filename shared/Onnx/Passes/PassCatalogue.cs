namespace Retrieval.Onnx;

/// <summary>The passes that need no weights of their own, with usual parameters: what an inspection tries.</summary>
public static class PassCatalogue
{
    /// <summary>What each is for, and the pass.</summary>
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
    ];
}
