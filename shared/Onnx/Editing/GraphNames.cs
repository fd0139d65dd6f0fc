using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Names in nodes and their nested graphs, and the order that they impose.</summary>
internal static class GraphNames
{
    /// <summary>Tensors that a node needs, those of nested graphs included.</summary>
    public static IEnumerable<string> Inputs(NodeProto node) => node.Input.Where(i => i.Length > 0).Concat(Captured(node));

    /// <summary>Tensors that the nested graphs of a node take from outside.</summary>
    public static IEnumerable<string> Captured(NodeProto node) => Nested(node).SelectMany(graph =>
    {
        HashSet<string> own = [.. graph.Input.Select(i => i.Name), .. graph.Initializer.Select(t => t.Name), .. graph.Node.SelectMany(n => n.Output)];
        return graph.Node.SelectMany(Inputs).Concat(graph.Output.Select(o => o.Name)).Where(i => !own.Contains(i));
    }).Distinct();

    /// <summary>Lets a node, nested graphs included, take another tensor.</summary>
    public static void Rename(NodeProto node, string tensor, string by)
    {
        for (int i = 0; i < node.Input.Count; i++)
        {
            node.Input[i] = node.Input[i] == tensor ? by : node.Input[i];
        }
        foreach (GraphProto graph in Nested(node).Where(g => !g.Input.Any(i => i.Name == tensor)))
        {
            foreach (NodeProto inner in graph.Node)
            {
                Rename(inner, tensor, by);
            }
        }
    }

    /// <summary>The nodes that some output needs, each behind what it needs; otherwise in their old order.</summary>
    public static NodeProto[] Sorted(Graph graph)
    {
        List<NodeProto> order = [];
        Dictionary<NodeProto, bool> done = new(Graph.ByReference);
        Stack<(NodeProto Node, bool Leave)> work = new();
        HashSet<NodeProto> needed = Needed(graph);
        foreach (NodeProto root in graph.Nodes.Where(needed.Contains))
        {
            work.Push((root, false));
            while (work.TryPop(out (NodeProto Node, bool Leave) next))
            {
                if (next.Leave)
                {
                    done[next.Node] = true;
                    order.Add(next.Node);
                    continue;
                }
                if (done.TryGetValue(next.Node, out bool left))
                {
                    _ = left ? true : throw new InvalidOperationException($"Node '{next.Node.Name}' would need itself.");
                    continue;
                }
                done[next.Node] = false;
                work.Push((next.Node, true));
                foreach (NodeProto producer in Inputs(next.Node).Select(graph.Producer).OfType<NodeProto>().Where(p => !(done.TryGetValue(p, out bool ready) && ready)))
                {
                    work.Push((producer, false));
                }
            }
        }
        return [.. order];
    }

    private static HashSet<NodeProto> Needed(Graph graph)
    {
        HashSet<NodeProto> needed = new(Graph.ByReference);
        Stack<string> work = new(graph.Outputs);
        while (work.TryPop(out string? tensor))
        {
            if (graph.Producer(tensor) is { } node)
            {
                if (needed.Add(node))
                {
                    foreach (string input in Inputs(node))
                    {
                        work.Push(input);
                    }
                }
            }
            else if (!graph.Initializers.ContainsKey(tensor) && !graph.IsInput(tensor))
            {
                throw new InvalidOperationException($"Nothing computes tensor '{tensor}'.");
            }
        }
        return needed;
    }

    private static IEnumerable<GraphProto> Nested(NodeProto node) => node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Append(a.G));

    public static ValueInfoProto Value(string name, int type, params string[] dims)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(dims.Select(d => long.TryParse(d, out long size) ? new TensorShapeProto.Types.Dimension { DimValue = size } : new TensorShapeProto.Types.Dimension { DimParam = d }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } };
    }
}
