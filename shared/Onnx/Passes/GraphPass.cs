namespace Retrieval.Onnx;

/// <summary>A rewriting of a model: a function from model to model. Passes compose in any order that their preconditions allow.</summary>
public abstract class GraphPass
{
    /// <summary>Name and parameters: two passes of the same name do the same.</summary>
    public abstract string Name { get; }

    /// <summary>Why the pass does not apply to a model; null when it does.</summary>
    public abstract string? Refusal(TransformerGraph graph);

    /// <summary>The rewritten model.</summary>
    /// <exception cref="PassRefusedException">A precondition does not hold or could not be proven.</exception>
    /// <exception cref="OnnxFormatException">The model is not understood at all.</exception>
    public OnnxModel Apply(OnnxModel model)
    {
        TransformerGraph graph = TransformerGraph.Analyze(new Graph(model));
        if (Refusal(graph) is { } reason)
        {
            throw new PassRefusedException(model.Path, Name, reason);
        }
        return Edit(graph) ? graph.Graph.ToModel() : model;
    }

    /// <summary>Edits the graph of an analysis; false when there was nothing to do, and the model stays as it is, bit for bit.</summary>
    private protected abstract bool Edit(TransformerGraph graph);

    /// <summary>What could not be proven of some layers.</summary>
    private protected static string? Unproven(IEnumerable<TransformerLayer> layers) => layers.SelectMany(l => l.Unproven.Select(u => $"layer {l.Index}: {u}")).FirstOrDefault();
}
