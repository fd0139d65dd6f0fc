using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Applies a normalisation of the model to another hidden state: a copy of its nodes, or its unfused form where it is fused with a sum.</summary>
internal static class Renorm
{
    private const float DefaultEpsilon = 1e-5f;

    public static string Apply(Flow flow, NormSite norm, string hidden)
    {
        Graph graph = flow.Graph;
        if (graph.Producer(norm.Output) is { OpType: "SkipSimplifiedLayerNormalization" } fused)
        {
            return graph.Add("SimplifiedLayerNormalization", [hidden, fused.Input[2]], [Attributes.Of("epsilon", fused.Float("epsilon") ?? DefaultEpsilon), Attributes.Of("axis", -1), Attributes.Of("stash_type", 1)]);
        }
        if (graph.Producer(norm.Output) is { OpType: "SkipLayerNormalization" } centred)
        {
            return graph.Add("LayerNormalization", [hidden, centred.Input[2], .. centred.In(3) is { } beta ? new[] { beta } : []], [Attributes.Of("epsilon", centred.Float("epsilon") ?? DefaultEpsilon), Attributes.Of("axis", -1)]);
        }
        HashSet<string> inside = flow.From(norm.Input);
        inside.IntersectWith(flow.To(norm.Output));
        inside.Remove(norm.Input);
        Dictionary<string, string> names = new(StringComparer.Ordinal) { [norm.Input] = hidden };
        foreach (NodeProto node in graph.Nodes.Where(n => n.Output.Any(inside.Contains)).ToArray())
        {
            NodeProto copy = node.Clone();
            copy.Name = graph.Fresh(node.Name);
            for (int i = 0; i < copy.Input.Count; i++)
            {
                copy.Input[i] = names.GetValueOrDefault(copy.Input[i], copy.Input[i]);
            }
            for (int i = 0; i < copy.Output.Count; i++)
            {
                copy.Output[i] = copy.Output[i].Length == 0 ? "" : names[copy.Output[i]] = graph.Fresh(copy.Output[i]);
            }
            graph.Add(copy);
        }
        return names[norm.Output];
    }
}
