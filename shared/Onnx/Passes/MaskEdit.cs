using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Puts another mask in the place of a layer's own.</summary>
internal static class MaskEdit
{
    /// <summary>Why a layer's mask cannot be replaced; null when it can.</summary>
    public static string? Refusal(TransformerLayer layer) =>
        layer.Site.Terms.FirstOrDefault(t => t.Reading.Kind == MaskKind.Unknown) is { } unknown ? $"layer {layer.Index}: the mask at node '{unknown.Node.Label()}' could not be read: {unknown.Reading.Why}"
        : !layer.Site.Terms.Any(t => t.IsMask) ? $"layer {layer.Index}: no mask is applied at node '{layer.Site.Core.Label()}'" : null;

    /// <summary>Replaces it by a Boolean tensor of shape (rows, 1, tokens, tokens), or one that broadcasts to it where the form allows that.</summary>
    public static void Replace(TransformerGraph graph, TransformerLayer layer, Func<int, string> additive)
    {
        Graph edited = graph.Graph;
        int type = TypeOf(graph, layer);
        MaskTerm[] masks = [.. layer.Site.Terms.Where(t => t.IsMask)];
        foreach (MaskTerm extra in masks.Skip(1).Where(m => m.Node.OpType == "Add"))
        {
            edited.SetInput(extra.Node, extra.Index, new Builder(edited).Constant(type, 0));
        }
        NodeProto core = layer.Site.Core;
        switch (layer.Form)
        {
            case AttentionForm.Unfused:
                edited.SetInput(masks[0].Node, masks[0].Index, additive(type));
                break;
            case AttentionForm.Standard:
                core.Set(Attributes.Of("is_causal", 0));
                edited.SetInput(core, 3, additive(type));
                break;
            case AttentionForm.Microsoft:
                core.Set(Attributes.Of("unidirectional", 0));
                edited.SetInput(core, 5, additive(type));
                core.Input[3] = "";
                edited.Changed();
                break;
            default:
                edited.SetInput(core, 10, additive(type));
                break;
        }
    }

    private static int TypeOf(TransformerGraph graph, TransformerLayer layer) => graph.Flow.Probe[layer.Site.Product?.Output[0] ?? layer.Site.Context].Type is var type && type != 0 ? type : DataType.Float;
}
