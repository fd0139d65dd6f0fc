namespace Retrieval.Onnx;

/// <summary>
/// The model up to a layer (2D Matryoshka, arXiv 2402.14776): its states are the output, and nothing behind it is computed. The library's convention
/// leaves the final normalisation to the last layer; <paramref name="isNormed"/> applies it to the exit, as a model cut by its layer count does.
/// </summary>
/// <param name="layers">Layers to run, from 1.</param>
/// <param name="isNormed">Whether the final normalisation is applied to the state of an earlier layer.</param>
public sealed class Exit(int layers, bool isNormed = false) : GraphPass
{
    /// <inheritdoc/>
    public override string Name => $"exit({layers}{(isNormed ? "; normed" : "")})";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) =>
        layers < 1 || layers > graph.Layers.Count ? $"exit {layers} does not exist; the model has layers 1 to {graph.Layers.Count}"
        : graph.Output is null ? graph.WhyNoOutput : HiddenOutput.Refusal(graph);

    private protected override bool Edit(TransformerGraph graph)
    {
        if (layers == graph.Layers.Count)
        {
            return false;
        }
        string hidden = HiddenOutput.After(graph, layers);
        string exit = isNormed && graph.Final is { } final ? Renorm.Apply(graph.Flow, final, hidden) : hidden;
        graph.Graph.SetOutputs(HiddenOutput.Expose(graph, exit, graph.Output!, hidden));
        return true;
    }
}
