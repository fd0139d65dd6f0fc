using System.Globalization;

namespace Retrieval.Onnx;

/// <summary>A weighted sum of the states of layers in place of the last one's (papers: first-last average, last-4 mean). Layer 0 is what the embeddings give; the last has its final normalisation.</summary>
/// <param name="weights">Layers, from 0 to their number, with their weights.</param>
public sealed class LayerMix(IReadOnlyList<KeyValuePair<int, double>> weights) : GraphPass
{
    /// <inheritdoc/>
    public override string Name => $"layer-mix({string.Join(' ', weights.Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Key}:{w.Value}")))})";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => weights.Count == 0 ? "no layer is named"
        : weights.FirstOrDefault(w => w.Key < 0 || w.Key > graph.Layers.Count, new(0, 0)) is { Key: not 0 } beyond ? $"layer {beyond.Key} does not exist; the model has states 0 to {graph.Layers.Count}"
        : weights.FirstOrDefault(w => !double.IsFinite(w.Value), new(0, 0)) is { Value: not 0 } odd ? $"the weight of layer {odd.Key} is {odd.Value.ToString(CultureInfo.InvariantCulture)}"
        : graph.Output is null ? graph.WhyNoOutput : HiddenOutput.Refusal(graph);

    private protected override bool Edit(TransformerGraph graph)
    {
        Builder build = new(graph.Graph);
        string? sum = null;
        foreach ((int layer, double weight) in weights)
        {
            string hidden = HiddenOutput.Library(graph, layer);
            int type = graph.Flow.Probe[hidden].Type is var known && known != 0 ? known : DataType.Float;
            string part = weight == 1 ? hidden : build.Node("Mul", hidden, build.Constant(type, weight));
            sum = sum is null ? part : build.Node("Add", sum, part);
        }
        string output = graph.Output!;
        string mixed = sum == output ? build.Node("Identity", sum) : sum!;
        graph.Graph.SetOutputs(HiddenOutput.Expose(graph, mixed, output, HiddenOutput.Library(graph, weights[0].Key)));
        return true;
    }
}
