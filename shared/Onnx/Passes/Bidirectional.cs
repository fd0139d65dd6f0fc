namespace Retrieval.Onnx;

/// <summary>Lets every token of a causal decoder see every other, padding aside (NV-Embed's first change, arXiv 2405.17428).</summary>
public sealed class Bidirectional : GraphPass
{
    /// <inheritdoc/>
    public override string Name => "bidirectional";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => graph.Layers.Select(l => l.Form == AttentionForm.GroupQuery
            ? $"layer {l.Index}: node '{l.Site.Core.Label()}' is GroupQueryAttention, which is always causal; export the model with eager or SDPA attention"
            : MaskEdit.Refusal(l)).FirstOrDefault(r => r is not null)
        ?? (graph.Layers.FirstOrDefault(l => l.Site.Terms.Any(t => t.Reading is { Kind: MaskKind.Window })) is { } local ? $"layer {local.Index} sees a window only, which would stay"
        : graph.Sees != MaskKind.Causal ? "every token sees every other already"
        : !graph.Graph.IsInput(ModelInputs.Mask) ? $"the model has no input '{ModelInputs.Mask}'" : null);

    private protected override bool Edit(TransformerGraph graph)
    {
        Builder build = new(graph.Graph);
        string isToken = build.Unsqueeze(build.Cast(ModelInputs.Mask, Retrieval.Onnx.DataType.Bool), 1, 2);
        // Operators want the whole square; an Add broadcasts.
        string tokens = build.Unsqueeze(build.Size(ModelInputs.Mask, 1), 0);
        string square = build.Node("Expand", isToken, graph.Graph.Add("Concat", [build.Longs(1, 1), tokens, build.Longs(1)], [Attributes.Of("axis", 0)]));
        Dictionary<(AttentionForm, int), string> made = [];
        foreach (TransformerLayer layer in graph.Layers)
        {
            MaskEdit.Replace(graph, layer, type => made.TryGetValue((layer.Form, type), out string? known) ? known
                : made[(layer.Form, type)] = build.Additive(layer.Form == AttentionForm.Unfused ? isToken : square, type));
        }
        return true;
    }
}
