namespace Retrieval.Onnx;

/// <summary>
/// Gives out the state of every layer as <c>hidden_states.0</c> (of the embeddings) to <c>hidden_states.N</c>, beside the other outputs. None has the
/// final normalisation of models that normalise first; their usual output has it.
/// </summary>
public sealed class HiddenStates : GraphPass
{
    /// <inheritdoc/>
    public override string Name => "hidden-states";

    /// <summary>Name of the output for the state after a number of layers.</summary>
    public static string OutputName(int layers) => $"hidden_states.{layers}";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => HiddenOutput.Refusal(graph);

    private protected override bool Edit(TransformerGraph graph)
    {
        Wire.ValueInfoProto[] before = [.. graph.Graph.Proto.Graph.Output];
        graph.Graph.SetOutputs([.. before, .. Enumerable.Range(0, graph.Layers.Count + 1).Select(n => HiddenOutput.Expose(graph, HiddenOutput.After(graph, n), OutputName(n))).ToArray()]);
        return true;
    }
}
