using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>An activation as codes of 8 bits with a scale for each token.</summary>
/// <param name="Codes">uint8 of the activation's shape, zero at 128.</param>
/// <param name="Scales">float (…, 1).</param>
internal sealed record QuantizedRows(string Codes, string Scales);

/// <summary>
/// Adds the nodes that quantise an activation row by row: what a row becomes depends on nothing outside it, so a vector is the same in any batch.
/// (DynamicQuantizeLinear takes one scale for the whole batch, pads included.)
/// </summary>
internal sealed class RowQuantizer(Graph graph)
{
    private const byte Zero = 128;
    private const float Limit = 127, Tiny = 1e-30f;
    // QuantizeLinear has an axis from here on; com.microsoft's has had one always.
    private const long AxisOpset = 13;

    private readonly Builder _build = new(graph);
    private readonly string _one = graph.AddConstant("int8_one", DataType.Float, [1f]), _tiny = graph.AddConstant("int8_tiny", DataType.Float, [Tiny]), _step = graph.AddConstant("int8_step", DataType.Float, [1 / Limit]),
        _zero = graph.AddConstant("int8_zero", DataType.UInt8, [Zero]), _zeros = graph.AddConstant("int8_zeros", DataType.UInt8, [Zero], 1), _flat = graph.AddConstant("int8_flat", DataType.Int64, [-1L], 1);

    // Of activations over all texts and tokens: counted once for the model. On short texts the time of many small nodes is felt.
    private readonly Dictionary<int, string> _shapes = [];
    private string? _tokenZeros;

    /// <summary>Divides channels by their factors where there are some, and quantises rows.</summary>
    public QuantizedRows Quantize(WeightProduct product, float[]? factors)
    {
        string x = factors is null ? product.Activation : _build.Node("Mul", product.Activation, graph.AddConstant("int8_smooth", DataType.Float, [.. factors.Select(f => 1 / f)], factors.Length));
        string scales = _build.Node("Mul", _build.Node("Max", _build.ReduceMax(_build.Node("Abs", x), -1, true), _tiny), _step);
        // QuantizeLinear takes one axis of scales: rows in front of it are flattened, and the codes get the shape back.
        string flat = _build.Node("Reshape", scales, _flat), rows = _build.Node("Reshape", x, _build.Longs(-1, product.Width));
        string codes = graph.Add("QuantizeLinear", [rows, flat, Zeros(product, flat)], [Attributes.Of("axis", 0L)], graph.Opset < AxisOpset ? "com.microsoft" : "");
        return new QuantizedRows(_build.Node("Reshape", codes, Shape(product, x)), scales);
    }

    /// <summary>A zero point for each row.</summary>
    private string Zeros(WeightProduct product, string scales) => product.IsHidden ? _tokenZeros ??= Zeros(scales) : Zeros(scales);

    private string Zeros(string scales) => _build.Node("Expand", _zeros, _build.Node("Shape", scales));

    private string Shape(WeightProduct product, string x)
    {
        if (!product.IsHidden)
        {
            return _build.Node("Shape", x);
        }
        return _shapes.TryGetValue(product.Width, out string? known) ? known : _shapes[product.Width] = _build.Node("Shape", x);
    }

    /// <summary>The product of quantised rows with a matrix of codes.</summary>
    public string Multiply(QuantizedRows rows, (sbyte[] Codes, float[] Scales) weights, string name)
    {
        int columns = weights.Scales.Length;
        string codes = graph.AddConstant(name + "_int8", DataType.Int8, weights.Codes, weights.Codes.Length / columns, columns), scales = graph.AddConstant(name + "_scale", DataType.Float, weights.Scales, columns);
        string product = graph.Add("MatMulIntegerToFloat", [rows.Codes, codes, _one, scales, _zero], domain: "com.microsoft", wish: name + "_product");
        return _build.Node("Mul", product, rows.Scales);
    }
}
