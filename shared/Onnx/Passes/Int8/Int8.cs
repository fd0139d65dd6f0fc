using System.Globalization;
using System.Runtime.InteropServices;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Products of the layers in int8: activations quantised for each token by itself, weights for each column, so that a vector is the same, bit for bit,
/// whatever else is in its batch. Attention's own products, softmax, norms and activation functions stay in fp32. Comes behind all other passes.
/// </summary>
/// <param name="options">Bits and smoothing.</param>
public sealed class Int8(Int8Options options) : GraphPass
{
    // 255 * 127 summed over so many channels still fits an int32.
    private const int WidestActivation = int.MaxValue / (255 * 127);
    private static readonly string[] Quantized = ["MatMulInteger", "com.microsoft.MatMulIntegerToFloat", "com.microsoft.DynamicQuantizeMatMul", "com.microsoft.MatMulNBits", "com.microsoft.QAttention", "QLinearMatMul", "DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear"];

    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"int8(weights {options.WeightBits} bits{(options.Maxima is null ? "" : $"; smoothing {options.Alpha} of {options.Maxima.Id}")})");

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => RefusedOptions() ?? RefusedGraph(graph) ?? WeightProduct.Find(graph).Select(p => RefusedProduct(graph, p)).FirstOrDefault(r => r is not null);

    private protected override bool Edit(TransformerGraph graph)
    {
        Int8Embeddings.Apply(graph);
        RowQuantizer rows = new(graph.Graph);
        foreach (WeightProduct product in WeightProduct.Find(graph).ToArray())
        {
            float[][] weights = [.. product.Nodes.Select(n => Floats(graph, n))];
            float[]? factors = options.Maxima is null ? null : Smoothing.Factors(options.Maxima.Channels[product.Activation], weights, options.Alpha);
            QuantizedRows quantized = rows.Quantize(product, factors);
            foreach ((NodeProto node, float[] matrix) in product.Nodes.Zip(weights))
            {
                float[] smooth = factors is null ? matrix : Smoothing.Scaled(matrix, factors);
                graph.Graph.ReplaceUses(node.Output[0], rows.Multiply(quantized, Int8Codes.Columns(smooth, smooth.Length / product.Width, options.Limit), node.Input[1]));
            }
        }
        return true;
    }

    private string? RefusedOptions() => options.WeightBits is not (7 or 8) ? $"weights of {options.WeightBits} bits were asked for; 7 and 8 are made"
        : options.Alpha is >= 0 and <= 1 ? null : $"a smoothing of {options.Alpha.ToString(CultureInfo.InvariantCulture)} was asked for; 0 to 1 are made, 0.5 is usual";

    private static string? RefusedGraph(TransformerGraph graph)
    {
        if (graph.Graph.Nodes.FirstOrDefault(n => Quantized.Contains(n.Operator())) is { } quantized)
        {
            return $"node '{quantized.Label()}' ({quantized.Operator()}) is quantised already; take the fp32 export";
        }
        if (graph.Layers.FirstOrDefault(l => l.Form == AttentionForm.Microsoft) is { } fused)
        {
            return $"node '{fused.Site.Core.Label()}' ({fused.Site.Core.Operator()}) keeps its projections inside; take the export before ONNX Runtime's optimizer";
        }
        if (WeightProduct.Candidates(graph).FirstOrDefault(n => WeightProduct.Weight(graph, n).DataType != DataType.Float) is { } other)
        {
            return $"weight '{other.Input[1]}' of node '{other.Label()}' has element type {WeightProduct.Weight(graph, other).DataType} (10 is float16); take the fp32 export";
        }
        return WeightProduct.Candidates(graph).Any() ? null : "no product with a constant matrix was found in its layers; take an export whose weights are initialisers";
    }

    private string? RefusedProduct(TransformerGraph graph, WeightProduct product)
    {
        if (product.Width > WidestActivation)
        {
            return $"activation '{product.Activation}' has {product.Width} channels; sums of more than {WidestActivation} do not fit 32 bits";
        }
        if (product.Nodes.FirstOrDefault(n => !Floats(graph, n).All(float.IsFinite)) is { } broken)
        {
            return $"weight '{broken.Input[1]}' of node '{broken.Label()}' has a number that is not finite";
        }
        if (options.Maxima is null)
        {
            return null;
        }
        return !options.Maxima.Channels.TryGetValue(product.Activation, out float[]? maxima) ? $"the calibration knows nothing of activation '{product.Activation}'; calibrate on this very model"
            : maxima.Length != product.Width ? $"the calibration has {maxima.Length} channels for activation '{product.Activation}' of {product.Width}; calibrate on this very model"
            : maxima.All(float.IsFinite) ? null : $"the calibration met a number that is not finite in activation '{product.Activation}'; look for the text that gives it";
    }

    private static float[] Floats(TransformerGraph graph, NodeProto node) => MemoryMarshal.Cast<byte, float>(graph.Graph.Bytes(node.Input[1])).ToArray();
}
