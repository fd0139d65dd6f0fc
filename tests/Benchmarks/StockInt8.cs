using System.Runtime.InteropServices;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.Benchmarks;

/// <summary>What quantize_dynamic makes of a model (7 bits, per channel): one scale of the activations for a whole batch. The rival, in a file of its own.</summary>
internal sealed class StockInt8 : IDisposable
{
    private const int Limit = 63;
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-stock-").FullName;

    public StockInt8(string fp32)
    {
        TransformerGraph model = TransformerGraph.Analyze(new Graph(OnnxModel.Read(fp32)));
        Int8Embeddings.Apply(model);
        foreach (WeightProduct product in WeightProduct.Find(model).ToArray())
        {
            string codes = model.Graph.Add("DynamicQuantizeLinear", [product.Activation], outputs: 3);
            NodeProto quantize = model.Graph.Producer(codes)!;
            foreach (NodeProto node in product.Nodes)
            {
                Replace(model.Graph, node, product.Width, quantize.Output);
            }
        }
        model.Graph.ToModel().Write(Path);
    }

    public string Path => System.IO.Path.Combine(_folder, "model.onnx");

    public void Dispose() => Directory.Delete(_folder, true);

    private static void Replace(Graph graph, NodeProto node, int width, Google.Protobuf.Collections.RepeatedField<string> activation)
    {
        float[] matrix = MemoryMarshal.Cast<byte, float>(graph.Bytes(node.Input[1])).ToArray();
        int columns = matrix.Length / width;
        (sbyte[] codes, float[] scales) = Int8Codes.Columns(matrix, columns, Limit);
        string product = graph.Add("MatMulInteger", [activation[0], graph.AddConstant("stock", DataType.Int8, codes, width, columns), activation[2]]);
        string scale = graph.Add("Mul", [activation[1], graph.AddConstant("stock_scale", DataType.Float, scales, columns)]);
        graph.ReplaceUses(node.Output[0], graph.Add("Mul", [new Builder(graph).Cast(product, DataType.Float), scale]));
    }
}
