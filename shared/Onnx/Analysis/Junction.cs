using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Where a branch (attention or feed-forward) joins the stream of hidden states.</summary>
/// <param name="Node">An Add, or one of ONNX Runtime's nodes that add and normalise.</param>
/// <param name="Residual">The stream, as the node takes it.</param>
/// <param name="Branch">What is added to it.</param>
/// <param name="Norm">The normalisation of the sum, when there is one.</param>
internal sealed record Junction(NodeProto Node, string Residual, string Branch, NormSite? Norm)
{
    private const int SumOutput = 3;

    /// <summary>Whether sum and normalisation are one node.</summary>
    public bool IsFused => Node.OpType != "Add";

    /// <summary>The sum; null when a fused node does not give it out.</summary>
    public string? Sum => !IsFused ? Node.Output[0] : Node.Output.Count > SumOutput && Node.Output[SumOutput].Length > 0 ? Node.Output[SumOutput] : null;

    /// <summary>The sum, which a fused node gives out from now on.</summary>
    public string NeedSum(Graph graph)
    {
        if (Sum is { } sum)
        {
            return sum;
        }
        while (Node.Output.Count <= SumOutput)
        {
            Node.Output.Add("");
        }
        Node.Output[SumOutput] = graph.Fresh(Node.Name + "_sum");
        graph.Changed();
        return Node.Output[SumOutput];
    }
}

/// <summary>Finds junctions.</summary>
internal sealed class JunctionFinder(Flow flow, Norms norms)
{
    /// <summary>Where the output of an attention joins: the first sum of something computed from it with something that is not.</summary>
    public Junction? AfterAttention(string context)
    {
        HashSet<string> branch = flow.From(context);
        return Sums().Where(s => branch.Contains(s.A) != branch.Contains(s.B))
            .Select(s => branch.Contains(s.A) ? Create(s.Node, s.B, s.A) : Create(s.Node, s.A, s.B)).FirstOrDefault(j => FromNode(flow.Root(j.Residual)).Contains(context));
    }

    /// <summary>Where the feed-forward branch joins: the first sum of the stream with something that passed through weights since.</summary>
    public Junction? AfterFeedForward(Junction attention)
    {
        HashSet<string> stream = flow.From(attention.Node.Output.First(o => o.Length > 0));
        stream.UnionWith(attention.Sum is { } sum ? flow.From(sum) : []);
        int after = flow.Order(attention.Node);
        foreach ((NodeProto node, string a, string b) in Sums().Where(s => flow.Order(s.Node) > after && stream.Contains(s.A) && stream.Contains(s.B)))
        {
            if (IsBranch(a, b))
            {
                return Create(node, a, b);
            }
            if (IsBranch(b, a))
            {
                return Create(node, b, a);
            }
        }
        return null;

        bool IsBranch(string residual, string branch)
        {
            HashSet<string> behind = FromNode(flow.Root(residual)), before = flow.To(branch);
            return behind.Contains(branch) && flow.Graph.Nodes.Any(n => flow.IsProjection(n) && behind.Contains(n.Input[0]) && before.Contains(n.Output[0]));
        }
    }

    /// <summary>What is computed from a hidden state; where a fused node gives out the sum and its normalisation, from either.</summary>
    private HashSet<string> FromNode(string tensor)
    {
        HashSet<string> found = flow.From(tensor);
        foreach (string output in flow.Graph.Producer(tensor) is { OpType: not "Add", Domain: "com.microsoft" } node ? node.Output.Where(o => o.Length > 0) : [])
        {
            found.UnionWith(flow.From(output));
        }
        return found;
    }

    private IEnumerable<(NodeProto Node, string A, string B)> Sums() => flow.Graph.Nodes
        .Where(n => n.Operator() is "Add" or "com.microsoft.SkipLayerNormalization" or "com.microsoft.SkipSimplifiedLayerNormalization" && flow.IsHidden(n.Input[0]) && flow.IsHidden(n.Input[1]))
        .Select(n => (n, n.Input[0], n.Input[1]));

    private Junction Create(NodeProto node, string residual, string branch) => new(node, residual, branch, node.OpType switch
    {
        "Add" => norms.Of(node.Output[0]),
        "SkipLayerNormalization" => new NormSite(NormKind.LayerNorm, node.Output.ElementAtOrDefault(3) ?? "", node.Output[0]),
        _ => new NormSite(NormKind.RmsNorm, node.Output.ElementAtOrDefault(3) ?? "", node.Output[0]),
    });
}
