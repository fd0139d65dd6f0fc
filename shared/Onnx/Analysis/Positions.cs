using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Where a model takes a token's position from.</summary>
public enum PositionKind
{
    /// <summary>A table of position embeddings, read at indices that the graph makes itself.</summary>
    Table,
    /// <summary>Rotations by angles that the graph makes from a range of its own.</summary>
    Rotary,
    /// <summary>Inside com.microsoft.EmbedLayerNormalization.</summary>
    EmbedLayerNormalization,
    /// <summary>Inside com.microsoft.GroupQueryAttention.</summary>
    GroupQueryAttention,
    /// <summary>The input position_ids.</summary>
    Input,
    /// <summary>A bias by the distance of two tokens.</summary>
    RelativeBias,
}

/// <summary>One place where positions enter.</summary>
/// <param name="Kind">How.</param>
/// <param name="Node">The node that takes them.</param>
/// <param name="Index">At which input.</param>
/// <param name="Offset">What is added to the position of a text's first token.</param>
internal sealed record PositionSite(PositionKind Kind, NodeProto Node, int Index, int Offset = 0);

/// <summary>Finds where positions enter: by the numbers of a trial run, in which they count up along a row.</summary>
internal sealed class PositionFinder(Flow flow)
{
    public IEnumerable<PositionSite> Find() => flow.Graph.Nodes.SelectMany(node => node.Operator() switch
    {
        "Gather" when !flow.Varies(node.Input[0]) && flow.Probe[node.Input[0]].Rank == 2 && Counts(node.Input[1]) is { } offset => [Site(PositionKind.Table, node, 1, offset)],
        "Cast" when DataType.IsInteger(flow.Probe[node.Input[0]].Type) && DataType.IsFloating((int)node.Int("to", 0)) && Counts(node.Input[0]) is { } offset && TurnsIntoAngles(node) => [Site(PositionKind.Rotary, node, 0, offset)],
        "com.microsoft.RotaryEmbedding" when Counts(node.Input[1]) is { } offset => [Site(PositionKind.Rotary, node, 1, offset)],
        "com.microsoft.EmbedLayerNormalization" => [node.In(8) is null ? new PositionSite(PositionKind.EmbedLayerNormalization, node, 8) : Site(PositionKind.EmbedLayerNormalization, node, 8, 0)],
        "com.microsoft.GroupQueryAttention" when node.Int("do_rotary", 0) != 0 => [new PositionSite(PositionKind.GroupQueryAttention, node, 9)],
        _ => (PositionSite[])[],
    });

    private PositionSite Site(PositionKind kind, NodeProto node, int index, int offset) =>
        new(flow.To(node.Input[index]).Contains(ModelInputs.Positions) ? PositionKind.Input : kind, node, index, offset);

    /// <summary>The first position, when a tensor's numbers go up by one from token to token; null when they do not.</summary>
    private int? Counts(string tensor)
    {
        ProbeValue value = flow.Probe[tensor];
        if (!flow.Varies(tensor) || value.Data is null || value.Dims is null || !value.IsInteger || !value.Dims.Contains(flow.Probe.Tokens) || value.Data.Length < flow.Probe.Tokens || flow.Root(tensor) == ModelInputs.Ids)
        {
            return null;
        }
        int axis = Array.IndexOf(value.Dims, flow.Probe.Tokens);
        bool isRow = value.Dims.Skip(axis + 1).All(d => d == 1) && value.Dims[..axis].Count(d => d != 1) <= 1;
        return isRow && Enumerable.Range(0, flow.Probe.Tokens).All(i => value.Data[i] - value.Data[0] == i) && value.Data[0] < 10 ? (int)value.Data[0] : null;
    }

    private bool TurnsIntoAngles(NodeProto cast)
    {
        HashSet<string> behind = flow.From(cast.Output[0]);
        return flow.Graph.Nodes.Any(n => n.OpType is "Cos" or "Sin" && behind.Contains(n.Input[0]));
    }
}
