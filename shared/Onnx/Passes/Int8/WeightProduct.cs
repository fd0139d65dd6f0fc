using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>The products of one activation with constant weights: projections of attention and feed-forward. They share one quantisation of the activation.</summary>
/// <param name="Activation">Tensor (…, width).</param>
/// <param name="Width">Its channels.</param>
/// <param name="Nodes">MatMul nodes, weights (width, columns) as second input.</param>
/// <param name="IsHidden">Whether its shape is (texts, tokens, width), as that of all others of which this is true.</param>
internal sealed record WeightProduct(string Activation, int Width, IReadOnlyList<NodeProto> Nodes, bool IsHidden)
{
    /// <summary>Those inside the layers, found by the constant operand; what stands behind the last layer (heads) is left alone.</summary>
    public static IEnumerable<WeightProduct> Find(TransformerGraph graph) => Candidates(graph)
        .Where(n => Weight(graph, n).DataType == DataType.Float)
        .GroupBy(n => (Activation: graph.Flow.Root(n.Input[0]), Width: (int)Weight(graph, n).Dims[0]))
        .Select(g => new WeightProduct(g.Key.Activation, g.Key.Width, [.. g], graph.Flow.IsHidden(g.Key.Activation)));

    /// <summary>Products with a constant matrix of whatever type.</summary>
    public static IEnumerable<NodeProto> Candidates(TransformerGraph graph)
    {
        HashSet<string>? inside = (graph.Layers[^1].HiddenOut ?? graph.Output) is { } end ? graph.Flow.To(end) : null;
        return graph.Graph.Nodes.Where(n => n.Operator() == "MatMul" && graph.Graph.Initializers.TryGetValue(n.Input[1], out TensorProto? weight) && weight.Dims.Count == 2 && inside?.Contains(n.Output[0]) != false);
    }

    public static TensorProto Weight(TransformerGraph graph, NodeProto node) => graph.Graph.Initializers[node.Input[1]];
}
