using System.Runtime.InteropServices;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Products with weights that take the same activation: they are quantised together.</summary>
/// <param name="Input">The activation, of shape (rows, tokens, width).</param>
/// <param name="Width">Its width.</param>
/// <param name="Nodes">MatMuls of it with a matrix of weights in single precision.</param>
internal sealed record ProjectionGroup(string Input, int Width, IReadOnlyList<NodeProto> Nodes)
{
    // A smaller product costs less than its quantisation.
    private const int LeastWidth = 32;

    public static IReadOnlyList<ProjectionGroup> Find(TransformerGraph graph) => [.. graph.Graph.Nodes
        .Where(n => n.Operator() == "MatMul" && graph.Flow.IsProjection(n) && graph.Flow.IsHidden(n.Input[0]) && IsMatrix(graph.Graph, n.Input[1]))
        .GroupBy(n => n.Input[0]).Select(g => new ProjectionGroup(g.Key, graph.Flow.Probe[g.Key].Dims![^1], [.. g])).Where(g => g.Width >= LeastWidth)];

    public static float[] Weights(Graph graph, string name) => MemoryMarshal.Cast<byte, float>(graph.Bytes(name)).ToArray();

    private static bool IsMatrix(Graph graph, string name) => graph.Initializers.TryGetValue(name, out TensorProto? tensor) && tensor is { DataType: DataType.Float, Dims.Count: 2 } && tensor.Dims[1] >= LeastWidth;
}
