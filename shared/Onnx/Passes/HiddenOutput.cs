using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Hidden states as outputs.</summary>
internal static class HiddenOutput
{
    /// <summary>Why the states of all layers cannot be had; null when they can.</summary>
    public static string? Refusal(TransformerGraph graph) => graph.Layers.FirstOrDefault(l => l.HiddenIn is null || l.NormalisesFirst is null || l.Unproven.Any(u => !u.StartsWith("the mask", StringComparison.Ordinal))) is { } layer
        ? $"layer {layer.Index}: {layer.Unproven.DefaultIfEmpty("its hidden states are unknown").First()}" : null;

    /// <summary>The state after a number of layers; 0 is what the embeddings give. Before any final normalisation.</summary>
    public static string After(TransformerGraph graph, int layers) => layers < graph.Layers.Count ? graph.Layers[layers].HiddenIn!
        : graph.Layers[^1] is { NormalisesFirst: true } last ? last.FeedForward!.NeedSum(graph.Graph) : graph.Layers[^1].HiddenOut!;

    /// <summary>The state as the library counts it: the final normalisation applies to the last one only.</summary>
    public static string Library(TransformerGraph graph, int layers) => layers == graph.Layers.Count && graph.Final is { } final ? final.Output : After(graph, layers);

    /// <summary>Makes a hidden state an output, in single precision; a tensor of that name makes room.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="tensor">The state.</param>
    /// <param name="name">Name of the output.</param>
    /// <param name="like">A tensor of the analysed model that has the state's number type; by default the state itself.</param>
    public static ValueInfoProto Expose(TransformerGraph graph, string tensor, string name, string? like = null)
    {
        Graph edited = graph.Graph;
        int type = TypeOf(graph, like ?? tensor);
        string moved = edited.Release(name) is { } fresh && tensor == name ? fresh : tensor;
        string source = type is DataType.Float or 0 ? moved : new Builder(edited).Cast(moved, DataType.Float);
        edited.Alias(source, name);
        return GraphNames.Value(name, DataType.Float, "rows", "tokens", $"{graph.HiddenSize}");
    }

    /// <summary>Number type of a hidden state; one that a fused node only now gives out is of the type of its first output.</summary>
    private static int TypeOf(TransformerGraph graph, string tensor) => graph.Flow.Probe[tensor].Type is var type && type != 0 ? type
        : graph.Graph.Producer(tensor) is { } node ? graph.Flow.Probe[node.Output[0]].Type : 0;
}
