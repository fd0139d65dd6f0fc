using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Questions about where tensors come from and go to.</summary>
internal sealed class Flow
{
    private readonly Dictionary<NodeProto, int> _order = new(Graph.ByReference);
    private readonly HashSet<string> _varying = new(StringComparer.Ordinal);

    public Flow(Graph graph, Probe probe)
    {
        (Graph, Probe) = (graph, probe);
        _varying.UnionWith(graph.Inputs.Select(i => i.Name));
        foreach (NodeProto node in graph.Nodes)
        {
            _order[node] = _order.Count;
            if (GraphNames.Inputs(node).Any(_varying.Contains))
            {
                _varying.UnionWith(node.Output);
            }
        }
    }

    public Graph Graph { get; }

    public Probe Probe { get; }

    /// <summary>Place of a node in the file, which is an order of computation.</summary>
    public int Order(NodeProto node) => _order[node];

    /// <summary>Whether a tensor depends on an input.</summary>
    public bool Varies(string tensor) => _varying.Contains(tensor);

    /// <summary>A constant or a value that follows from shapes, of one number.</summary>
    public double? Scalar(string tensor) => Probe[tensor].Scalar;

    /// <summary>Whether a tensor has the shape of a hidden state: rows, tokens, width.</summary>
    public bool IsHidden(string tensor) => Varies(tensor) && Probe[tensor] is { IsInteger: false, Dims: [Probe.Rows, var tokens, > 1] } && tokens == Probe.Tokens;

    /// <summary>The tensor behind nodes that pass their input on unchanged.</summary>
    public string Root(string tensor)
    {
        while (Graph.Producer(tensor) is { } node && PassesOn(node))
        {
            tensor = node.Input[0];
        }
        return tensor;
    }

    public bool PassesOn(NodeProto node) => node.Operator() is "Identity" || (node.Operator() is "Cast" && Probe[node.Input[0]].Type is var type && type != 0 && type == node.Int("to", 0));

    /// <summary>A tensor and its other names.</summary>
    public IEnumerable<string> Aliases(string tensor) => Graph.Uses(tensor).Where(u => u.Index == 0 && PassesOn(u.Node)).SelectMany(u => Aliases(u.Node.Output[0])).Prepend(tensor);

    /// <summary>Uses of a tensor under any of its names.</summary>
    public IEnumerable<Use> UsesOf(string tensor) => Aliases(tensor).SelectMany(Graph.Uses).Where(u => !(u.Index == 0 && PassesOn(u.Node)));

    /// <summary>Everything that is computed from a tensor, itself included. Shapes are no values: what follows from a shape alone is left out.</summary>
    public HashSet<string> From(string tensor)
    {
        HashSet<string> found = new(StringComparer.Ordinal) { tensor };
        Stack<string> work = new([tensor]);
        while (work.TryPop(out string? next))
        {
            foreach (string output in Graph.Uses(next).Where(u => u.Node.OpType is not ("Shape" or "Size")).SelectMany(u => u.Node.Output))
            {
                if (output.Length > 0 && found.Add(output))
                {
                    work.Push(output);
                }
            }
        }
        return found;
    }

    /// <summary>Everything that a tensor is computed from, itself included; shapes are left out again.</summary>
    public HashSet<string> To(string tensor)
    {
        HashSet<string> found = new(StringComparer.Ordinal) { tensor };
        Stack<string> work = new([tensor]);
        while (work.TryPop(out string? next))
        {
            if (Graph.Producer(next) is { OpType: not ("Shape" or "Size") } node)
            {
                foreach (string input in GraphNames.Inputs(node).Where(found.Add))
                {
                    work.Push(input);
                }
            }
        }
        return found;
    }

    /// <summary>Whether a node multiplies an activation with weights, in any of the forms that exporters and quantisers write.</summary>
    public bool IsProjection(NodeProto node) => node.Operator() switch
    {
        "MatMul" or "Gemm" or "MatMulInteger" or "com.microsoft.FusedMatMul" or "com.microsoft.MatMulIntegerToFloat" or "com.microsoft.DynamicQuantizeMatMul" => Varies(node.Input[0]) && !Varies(node.Input[1]),
        "com.microsoft.MatMulNBits" or "com.microsoft.GatherBlockQuantized" => true,
        _ => false,
    };

    /// <summary>The nearest projection that a tensor is computed from, along its first data input.</summary>
    public NodeProto? Projection(string tensor)
    {
        HashSet<string> seen = [tensor];
        Queue<string> work = new([tensor]);
        while (work.TryDequeue(out string? next))
        {
            if (Graph.Producer(next) is { OpType: not ("Shape" or "Size") } node)
            {
                if (IsProjection(node))
                {
                    return node;
                }
                foreach (string input in node.Input.Where(i => i.Length > 0 && Varies(i) && seen.Add(i)))
                {
                    work.Enqueue(input);
                }
            }
        }
        return null;
    }
}
