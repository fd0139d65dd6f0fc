using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// A graph while a head is put on it: takes an output away, builds on its tensor, and gives an output of a name back. Operators are written in
/// the form that the model's own operator set has, so that no model is converted.
/// </summary>
internal sealed class HeadGraph
{
    // Before version 11 the axes of Gather and others cannot be negative, and ArgMax, CumSum and Clip are missing or different.
    private const long OldestOpset = 11;
    private const float NormEpsilon = 1e-5f;
    private readonly string _pass;
    private readonly Builder _build;

    /// <summary>Opens a copy of a model.</summary>
    /// <exception cref="PassRefusedException">Its operator set is too old to build on.</exception>
    public HeadGraph(OnnxModel model, string pass) : this(new Graph(model), pass)
    {
    }

    /// <summary>Builds on a graph that is being edited.</summary>
    public HeadGraph(Graph graph, string pass)
    {
        (Graph, _pass, _build) = (graph, pass, new Builder(graph));
        if (Graph.Opset < OldestOpset)
        {
            throw Refuse($"its operator set is {Graph.Opset} and {OldestOpset} is the oldest that is built on. Export it again with a newer one.");
        }
    }

    /// <summary>The copy.</summary>
    public Graph Graph { get; }

    public PassRefusedException Refuse(string reason) => new(Graph.Path, _pass, reason);

    /// <summary>The edited model.</summary>
    public OnnxModel ToModel() => Graph.ToModel();

    /// <summary>Takes an output from the graph; what computed it goes on under the name that comes back.</summary>
    public string Take(string output)
    {
        NodeProto producer = Graph.Producer(output) ?? throw Refuse($"its output '{output}' is an input or constant. Export the model again.");
        string inner = Graph.Fresh(output + "_states");
        producer.Output[Graph.OutputIndex(output)] = inner;
        foreach (NodeProto node in Graph.Nodes)
        {
            GraphNames.Rename(node, output, inner);
        }
        Graph.SetOutputs(Graph.Proto.Graph.Output.Where(o => o.Name != output));
        return inner;
    }

    /// <summary>Makes a tensor the graph's first output, under a name that no node has yet.</summary>
    public void Give(string tensor, string name, int type, params string[] dims)
    {
        Graph.Alias(tensor, name);
        Graph.SetOutputs([GraphNames.Value(name, type, dims), .. Graph.Proto.Graph.Output.Where(o => o.Name != name)]);
    }

    public string Constant(string name, float[] values, params long[] dims) => Graph.AddConstant(name, DataType.Float, values, dims);

    public string Constant(string name, WeightTensor weight) => Constant(name, weight.Values, [.. weight.Shape.Select(s => (long)s)]);

    public string Scalar(float value) => Graph.AddConstant("scalar", DataType.Float, [value]);

    public string Longs(params long[] values) => _build.Longs(values);

    public string Op(string op, params string[] inputs) => _build.Node(op, inputs);

    public string Cast(string tensor, int type) => _build.Cast(tensor, type);

    public string Unsqueeze(string tensor, long axis) => _build.Unsqueeze(tensor, axis);

    public string Squeeze(string tensor, long axis) => Graph.Opset >= 13 ? Op("Squeeze", tensor, Longs(axis)) : Graph.Add("Squeeze", [tensor], [Attributes.Of("axes", [axis])]);

    public string Sum(string tensor, long axis, bool keep = false) => Reduce("ReduceSum", 13, tensor, axis, keep);

    public string Max(string tensor, long axis, bool keep = false) => _build.ReduceMax(tensor, axis, keep);

    public string Mean(string tensor, long axis, bool keep = false) => Reduce("ReduceMean", 18, tensor, axis, keep);

    public string Reshape(string tensor, params long[] shape) => Op("Reshape", tensor, Longs(shape));

    public string Transpose(string tensor, params long[] order) => Graph.Add("Transpose", [tensor], [Attributes.Of("perm", order)]);

    public string Concat(long axis, params IEnumerable<string> tensors) => Graph.Add("Concat", tensors, [Attributes.Of("axis", axis)]);

    public string Softmax(string tensor) => Graph.Add("Softmax", [tensor], [Attributes.Of("axis", -1L)]);

    /// <summary>Part of an axis.</summary>
    public string Slice(string tensor, long axis, long start, long end) => Op("Slice", tensor, Longs(start), Longs(end), Longs(axis));

    /// <summary>First or last index of the largest number along axis 1: (rows, 1) int64.</summary>
    public string ArgMax(string tensor, bool last)
    {
        return !last ? Graph.Add("ArgMax", [tensor], [Attributes.Of("axis", 1L), Attributes.Of("keepdims", 1L)])
            : Graph.Opset >= 12 ? Graph.Add("ArgMax", [tensor], [Attributes.Of("axis", 1L), Attributes.Of("keepdims", 1L), Attributes.Of("select_last_index", 1L)])
            : throw Refuse($"the last token is found from operator set 12 on, and its is {Graph.Opset}. Export it again with a newer one.");
    }

    /// <summary>LayerNorm with epsilon 1e-5, from its parts where the operator set has none.</summary>
    public string LayerNorm(string tensor, string weight, string bias)
    {
        if (Graph.Opset >= 17)
        {
            return Graph.Add("LayerNormalization", [tensor, weight, bias], [Attributes.Of("axis", -1L), Attributes.Of("epsilon", NormEpsilon)]);
        }
        string centred = Op("Sub", tensor, Mean(tensor, -1, keep: true)), variance = Mean(Op("Mul", centred, centred), -1, keep: true);
        return Op("Add", Op("Mul", Op("Div", centred, Op("Sqrt", Op("Add", variance, Scalar(NormEpsilon)))), weight), bias);
    }

    /// <summary>x / 2 (1 + erf(x / sqrt 2)).</summary>
    public string Gelu(string tensor) => Op("Mul", Op("Mul", tensor, Scalar(0.5f)), Op("Add", Op("Erf", Op("Mul", tensor, Scalar(MathF.Sqrt(0.5f)))), Scalar(1)));

    /// <summary>x W' + b.</summary>
    public string Linear(string tensor, WeightTensor weight, WeightTensor? bias)
    {
        string product = Op("MatMul", tensor, Constant(weight.Name, Transposed(weight), weight.Shape[1], weight.Shape[0]));
        return bias is null ? product : Op("Add", product, Constant(bias.Name, bias));
    }

    public static float[] Transposed(WeightTensor matrix)
    {
        (int rows, int columns) = (matrix.Shape[0], matrix.Shape[1]);
        float[] result = new float[matrix.Values.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                result[j * rows + i] = matrix.Values[i * columns + j];
            }
        }
        return result;
    }

    private string Reduce(string op, long axesAsInput, string tensor, long axis, bool keep)
    {
        AttributeProto kept = Attributes.Of("keepdims", keep ? 1L : 0);
        return Graph.Opset >= axesAsInput ? Graph.Add(op, [tensor, Longs(axis)], [kept]) : Graph.Add(op, [tensor], [Attributes.Of("axes", [axis]), kept]);
    }
}
