using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Divides the scores by a temperature before they are masked (arXiv 2410.24200). The authors divide after the mask is added; then a temperature below 1
/// takes the mask's finite minimum to minus infinity, and an empty row becomes NaN. A relative bias is tempered with the scores, as theirs is.
/// </summary>
/// <param name="temperature">Below 1 sharpens; above 0.</param>
/// <param name="layers">Layers from 0; null for all.</param>
public sealed class TempScale(double temperature, IReadOnlyList<int>? layers = null) : GraphPass
{
    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"temp-scale({temperature}{(layers is null ? "" : $"; layers {string.Join(' ', layers)}")})");

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph)
    {
        if (!double.IsFinite(temperature) || temperature <= 0)
        {
            return $"the temperature is {temperature.ToString(CultureInfo.InvariantCulture)}; give one above 0, such as 0.8";
        }
        return layers?.FirstOrDefault(l => l < 0 || l >= graph.Layers.Count, -1) is { } layer && layer != -1
            ? $"layer {layer} does not exist; the model has layers 0 to {graph.Layers.Count - 1}"
            // A layer that was not found would stay as it is.
            : Chosen(graph).Select(l => Refusal(graph, l)).FirstOrDefault(r => r is not null) ?? Unproven(graph.Layers);
    }

    private IEnumerable<TransformerLayer> Chosen(TransformerGraph graph) => layers is null ? graph.Layers : graph.Layers.Where(l => layers.Contains(l.Index));

    private static string? Refusal(TransformerGraph graph, TransformerLayer layer)
    {
        IReadOnlyList<MaskTerm> terms = layer.Site.Terms;
        if (terms.FirstOrDefault(t => t.Reading.Kind == MaskKind.Unknown) is { } unknown)
        {
            return $"layer {layer.Index}: what is added to the scores at node '{unknown.Node.Label()}' could not be told a mask from a bias: {unknown.Reading.Why}";
        }
        if (layer.Form != AttentionForm.Unfused)
        {
            return layer.Scale is null ? $"layer {layer.Index}: node '{layer.Site.Core.Label()}' does not say its scale, and the width of a head is unknown"
                : terms.Any(t => !t.IsMask) ? $"layer {layer.Index}: node '{layer.Site.Core.Label()}' adds a bias that its scale does not reach" : null;
        }
        bool isBiasOutside = terms.SkipWhile(t => !t.IsMask).Any(t => !t.IsMask);
        return isBiasOutside ? $"layer {layer.Index}: a bias is added behind the mask at node '{terms[^1].Node.Label()}', so that both cannot be told apart"
            : graph.Flow.Probe[layer.Site.Product!.Output[0]].Type == 0 ? $"layer {layer.Index}: the number type of the scores of node '{layer.Site.Product.Name}' is unknown" : null;
    }

    private protected override bool Edit(TransformerGraph graph)
    {
        if (temperature == 1)
        {
            return false;
        }
        Builder build = new(graph.Graph);
        foreach (TransformerLayer layer in Chosen(graph))
        {
            if (layer.Form != AttentionForm.Unfused)
            {
                layer.Site.Core.Set(Attributes.Of("scale", (float)(layer.Scale!.Value / temperature)));
                continue;
            }
            MaskTerm? mask = layer.Site.Terms.FirstOrDefault(t => t.IsMask);
            (NodeProto node, int index) = mask is null ? (layer.Site.Core, 0) : (mask.Node, 1 - mask.Index);
            int type = graph.Flow.Probe[layer.Site.Product!.Output[0]].Type;
            graph.Graph.SetInput(node, index, build.Node("Mul", node.Input[index], build.Constant(type, 1 / temperature)));
        }
        return true;
    }
}
