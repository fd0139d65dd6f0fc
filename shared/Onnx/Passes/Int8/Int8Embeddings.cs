using System.Runtime.InteropServices;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Tables that token ids look up, in 8 bits with a scale for each row: a quarter of the memory of what is most of a small model.</summary>
internal static class Int8Embeddings
{
    private const int Limit = 127;
    // Token types and the like: nothing to gain.
    private const long FewRows = 64;

    /// <summary>Quantises every float table that an input looks up and that nothing else uses.</summary>
    public static void Apply(TransformerGraph graph)
    {
        Builder build = new(graph.Graph);
        foreach (NodeProto node in graph.Graph.Nodes.Where(n => IsTable(graph, n)).ToArray())
        {
            string table = node.Input[0], ids = node.Input[1];
            (int rows, int columns) = ((int)graph.Graph.Initializers[table].Dims[0], (int)graph.Graph.Initializers[table].Dims[1]);
            (sbyte[] codes, float[] scales) = Int8Codes.Rows(MemoryMarshal.Cast<byte, float>(graph.Graph.Bytes(table)).ToArray(), columns, Limit);
            string found = build.Cast(build.Node("Gather", graph.Graph.AddConstant(table + "_int8", DataType.Int8, codes, rows, columns), ids), DataType.Float);
            string scale = build.Node("Gather", graph.Graph.AddConstant(table + "_scale", DataType.Float, scales, rows, 1), ids);
            graph.Graph.ReplaceUses(node.Output[0], build.Node("Mul", found, scale));
        }
    }

    private static bool IsTable(TransformerGraph graph, NodeProto node) => node.Operator() == "Gather" && node.Int("axis", 0) == 0
        && graph.Graph.Initializers.TryGetValue(node.Input[0], out TensorProto? table) && table is { DataType: DataType.Float, Dims: [>= FewRows, _] }
        && graph.Graph.Uses(node.Input[0]).Count == 1 && graph.Graph.IsInput(graph.Flow.Root(node.Input[1]));
}
