using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Adds nodes in the form that the model's operator set has.</summary>
internal sealed class Builder(Graph graph)
{
    // Where Unsqueeze takes its axes from an input, where ReduceMax does, where LayerNormalization exists.
    private const long AxesAsInput = 13, ReduceAxesAsInput = 18;

    public string Constant(int type, double value) => type switch
    {
        DataType.Float => graph.AddConstant("number", type, [(float)value]),
        DataType.Float16 => graph.AddConstant("number", type, [(Half)value]),
        DataType.Double => graph.AddConstant("number", type, [value]),
        DataType.Int32 => graph.AddConstant("number", type, [(int)value]),
        DataType.Int64 => graph.AddConstant("number", type, [(long)value]),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No scalar of this type is needed."),
    };

    public string Longs(params long[] values) => graph.AddConstant("numbers", DataType.Int64, values, values.Length);

    public string Node(string op, params string[] inputs) => graph.Add(op, inputs);

    public string Cast(string tensor, int type) => graph.Add("Cast", [tensor], [Attributes.Of("to", type)]);

    public string Unsqueeze(string tensor, params long[] axes) => graph.Opset < AxesAsInput
        ? graph.Add("Unsqueeze", [tensor], [Attributes.Of("axes", axes)]) : graph.Add("Unsqueeze", [tensor, Longs(axes)]);

    public string ReduceMax(string tensor, long axis, bool keep) => graph.Opset < ReduceAxesAsInput
        ? graph.Add("ReduceMax", [tensor], [Attributes.Of("axes", [axis]), Attributes.Of("keepdims", keep ? 1 : 0)])
        : graph.Add("ReduceMax", [tensor, Longs(axis)], [Attributes.Of("keepdims", keep ? 1 : 0)]);

    /// <summary>Size of an axis, as a scalar.</summary>
    public string Size(string tensor, long axis) => graph.Add("Gather", [Node("Shape", tensor), Constant(DataType.Int64, axis)], [Attributes.Of("axis", 0)]);

    /// <summary>0, 1, 2 … along the tokens of a tensor of shape (rows, tokens).</summary>
    public string Count(string tensor) => Node("Range", Constant(DataType.Int64, 0), Size(tensor, 1), Constant(DataType.Int64, 1));

    /// <summary>0 where a Boolean tensor is true, else so far below any score that nothing is left of it, in the scores' own type.</summary>
    public string Additive(string sees, int type) => Node("Where", sees, Constant(type, 0), Constant(type, type == DataType.Float16 ? -30000 : float.MinValue / 2));
}
