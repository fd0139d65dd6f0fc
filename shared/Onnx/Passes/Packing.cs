using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Many texts in a row without padding between them (arXiv 2404.09529): a token sees its own text only, as far as the model let it see that, and
/// positions start anew with each text. The input <c>attention_mask</c> gives way to <c>segment_ids</c> (which text a token belongs to, -1 for padding)
/// and <c>position_ids</c> (from 0 in each text). A text's tokens must stand together and in order.
/// </summary>
public sealed class Packing : GraphPass
{
    /// <inheritdoc/>
    public override string Name => "packing";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => graph.Graph.IsInput(ModelInputs.Segments) ? "the model is packed already"
        : graph.Output is null ? graph.WhyNoOutput
        : graph.Layers.Select(l => MaskEdit.Refusal(l) ?? BiasRefusal(graph, l)).FirstOrDefault(r => r is not null) ?? PositionRefusal(graph);

    /// <summary>A bias by distance is right for every text of a row; one by place in the row is not.</summary>
    private static string? BiasRefusal(TransformerGraph graph, TransformerLayer layer)
    {
        foreach (MaskTerm term in layer.Site.Terms.Where(t => !t.IsMask))
        {
            ProbeValue bias = graph.Flow.Probe[term.Node.Input[term.Index]];
            int n = graph.Flow.Probe.Tokens;
            bool isByDistance = bias is { Data: { } data, Dims: [.., var rows, var columns] } && rows == n && columns == n
                && Enumerable.Range(0, data.Length).All(i => i / n % n == 0 || i % n == 0 || data[i] == data[i - n - 1]);
            if (!isByDistance)
            {
                return $"layer {layer.Index}: the bias at node '{term.Node.Label()}' does not follow from the distance of two tokens alone";
            }
        }
        return null;
    }

    private static string? PositionRefusal(TransformerGraph graph)
    {
        bool isRelative = graph.Layers.All(l => l.Site.Terms.Any(t => !t.IsMask));
        if (graph.Positions.Count == 0 && !isRelative)
        {
            return "where the model takes positions from was not found";
        }
        return graph.Positions.FirstOrDefault(p => p.Kind is PositionKind.Table or PositionKind.Rotary && Layout(graph, p) is null) is { } site
            ? $"node '{site.Node.Label()}' takes one row of positions for all texts" : null;
    }

    /// <summary>Axes of length 1 around (rows, tokens), as the positions that a node takes have them; null when there is no axis for rows.</summary>
    private static long[]? Layout(TransformerGraph graph, PositionSite site)
    {
        int[] dims = graph.Flow.Probe[site.Node.Input[site.Index]].Dims!;
        int axis = Array.IndexOf(dims, graph.Flow.Probe.Tokens);
        return axis < 1 ? null : [.. Enumerable.Range(1, dims.Length - 1).Where(i => i != axis).Select(i => (long)i)];
    }

    private protected override bool Edit(TransformerGraph graph)
    {
        Graph edited = graph.Graph;
        Builder build = new(edited);
        edited.AddInput(ModelInputs.Segments, DataType.Int64, "rows", "tokens");
        EditMasks(graph, build);
        EditPositions(graph, build);
        if (edited.IsInput(ModelInputs.Mask))
        {
            // What else asks for the mask asks for the size of the batch, or, in GroupQueryAttention, for rows that are full.
            int type = edited.Inputs.First(i => i.Name == ModelInputs.Mask).Type.TensorType.ElemType;
            edited.RemoveInput(ModelInputs.Mask);
            string ones = edited.Add("ConstantOfShape", [build.Node("Shape", ModelInputs.Ids)], [Attributes.Of("value", TensorData.Create("", DataType.Int64, [1L], 1))]);
            edited.ReplaceUses(ModelInputs.Mask, type == DataType.Int64 ? ones : build.Cast(ones, type));
        }
        edited.SetOutputs([edited.Proto.Graph.Output.First(o => o.Name == graph.Output)]);
        return true;
    }

    private static void EditMasks(TransformerGraph graph, Builder build)
    {
        string from = build.Unsqueeze(ModelInputs.Segments, 1, 3), to = build.Unsqueeze(ModelInputs.Segments, 1, 2);
        // Padding sees padding: no row is left without anything to see.
        string together = build.Node("Equal", from, to);
        string places = build.Count(ModelInputs.Ids);
        string distance = build.Node("Sub", build.Unsqueeze(places, 0), build.Unsqueeze(places, 1));
        Dictionary<(int, int?, int?), string> made = [];
        foreach (TransformerLayer layer in graph.Layers)
        {
            MaskReading[] masks = [.. layer.Site.Terms.Where(t => t.IsMask).Select(t => t.Reading)];
            int? behind = masks.Min(m => m.Behind), ahead = masks.Min(m => m.Ahead);
            MaskEdit.Replace(graph, layer, type => made.TryGetValue((type, behind, ahead), out string? known) ? known : made[(type, behind, ahead)] = build.Additive(Within(behind, ahead), type));
        }

        string Within(int? behind, int? ahead)
        {
            string sees = together;
            foreach (string bound in new[] { ahead is { } a ? build.Node("Less", distance, build.Constant(DataType.Int64, a + 1)) : null, behind is { } b ? build.Node("Greater", distance, build.Constant(DataType.Int64, -b - 1)) : null }.OfType<string>())
            {
                sees = build.Node("And", sees, bound);
            }
            return sees;
        }
    }

    private static void EditPositions(TransformerGraph graph, Builder build)
    {
        Graph edited = graph.Graph;
        if (!graph.Positions.Any(p => p.Kind != PositionKind.Input))
        {
            return;
        }
        if (!edited.IsInput(ModelInputs.Positions))
        {
            edited.AddInput(ModelInputs.Positions, DataType.Int64, "rows", "tokens");
        }
        foreach (PositionSite site in graph.Positions.Where(p => p.Kind != PositionKind.Input))
        {
            string positions = site.Offset == 0 ? ModelInputs.Positions : build.Node("Add", ModelInputs.Positions, build.Constant(DataType.Int64, site.Offset));
            if (site.Kind is PositionKind.Table or PositionKind.Rotary)
            {
                int type = graph.Flow.Probe[site.Node.Input[site.Index]].Type;
                positions = Layout(graph, site) is { Length: > 0 } axes ? build.Unsqueeze(positions, axes) : positions;
                positions = type == DataType.Int64 ? positions : build.Cast(positions, type);
            }
            else if (site.Kind == PositionKind.EmbedLayerNormalization)
            {
                positions = build.Cast(positions, DataType.Int32);
            }
            edited.SetInput(site.Node, site.Index, positions);
        }
    }
}
