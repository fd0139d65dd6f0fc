using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Kinds of normalisation.</summary>
public enum NormKind
{
    /// <summary>Centred, scaled to unit variance.</summary>
    LayerNorm,
    /// <summary>Scaled to unit mean square.</summary>
    RmsNorm,
}

/// <summary>A normalisation of a tensor, in one node or in many.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Input">What is normalised.</param>
/// <param name="Output">The result, scale and shift applied.</param>
internal sealed record NormSite(NormKind Kind, string Input, string Output);

/// <summary>Finds the normalisation of a tensor.</summary>
internal sealed class Norms(Flow flow)
{
    private readonly Graph _graph = flow.Graph;

    public NormSite? Of(string tensor)
    {
        foreach (Use use in flow.UsesOf(tensor).Where(u => u.Index >= 0))
        {
            NodeProto node = use.Node;
            (NormKind Kind, string Output)? found = node.Operator() switch
            {
                "LayerNormalization" when use.Index == 0 => (NormKind.LayerNorm, node.Output[0]),
                "RMSNormalization" or "SimplifiedLayerNormalization" when use.Index == 0 => (NormKind.RmsNorm, node.Output[0]),
                "Sub" when use.Index == 0 && IsMeanOf(node.Input[1], tensor) => Divided(node.Output[0]) is { } y ? (NormKind.LayerNorm, y) : null,
                "Mul" when IsInverseRoot(node.Input[1 - use.Index]) => (NormKind.RmsNorm, Scaled(node.Output[0])),
                "Div" when use.Index == 0 && IsRoot(node.Input[1]) => (NormKind.RmsNorm, Scaled(node.Output[0])),
                _ => null,
            };
            if (found is { } norm)
            {
                return new NormSite(norm.Kind, tensor, norm.Output);
            }
        }
        return null;
    }

    private bool IsMeanOf(string mean, string tensor) => _graph.Producer(flow.Root(mean)) is { OpType: "ReduceMean" } node && flow.Root(node.Input[0]) == flow.Root(tensor);

    private bool IsRoot(string tensor) => _graph.Producer(flow.Root(tensor)) is { OpType: "Sqrt" };

    private bool IsInverseRoot(string tensor) => _graph.Producer(flow.Root(tensor)) switch
    {
        { OpType: "Reciprocal" } node => IsRoot(node.Input[0]),
        { OpType: "Div" } node => flow.Scalar(node.Input[0]) == 1 && IsRoot(node.Input[1]),
        { OpType: "Pow" } node => flow.Scalar(node.Input[1]) == -0.5,
        _ => false,
    };

    private string? Divided(string centred) => flow.UsesOf(centred).FirstOrDefault(u => u.Node.OpType == "Div" && u.Index == 0 && IsRoot(u.Node.Input[1])).Node is { } node ? Scaled(node.Output[0]) : null;

    /// <summary>Behind the learned scale and shift.</summary>
    private string Scaled(string tensor)
    {
        foreach (string op in new[] { "Mul", "Add" })
        {
            Use[] uses = [.. flow.UsesOf(tensor)];
            if (uses is [{ Node: var node, Index: 0 or 1 }] && node.OpType == op && !flow.Varies(node.Input[1 - uses[0].Index]) && flow.Probe[node.Input[1 - uses[0].Index]].Rank == 1)
            {
                tensor = node.Output[0];
            }
        }
        return tensor;
    }
}
