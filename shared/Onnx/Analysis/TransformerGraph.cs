using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// What a transformer export is made of, found by following the data from each attention, never by names of nodes: exporters rename, flatten and fuse,
/// the flow of data stays. Passes work on this description only.
/// </summary>
public sealed class TransformerGraph
{
    private const long OldestOpset = 11, NewestOpset = 25;

    private TransformerGraph(Graph graph, Flow flow, IReadOnlyList<TransformerLayer> layers)
    {
        (Graph, Flow, Layers) = (graph, flow, layers);
        Positions = [.. new PositionFinder(flow).Find()];
        // A fused node behind an exit still normalises, but nothing takes the result.
        Final = layers is [.., { FeedForward.Norm: { } norm, NormalisesFirst: true }] && (graph.IsOutput(norm.Output) || graph.Uses(norm.Output).Count > 0) ? norm : null;
        (Output, WhyNoOutput) = FindOutput();
    }

    /// <summary>Layers, first to last.</summary>
    public IReadOnlyList<TransformerLayer> Layers { get; }

    /// <summary>The output that holds a vector per token; null when no output does.</summary>
    public string? Output { get; }

    /// <summary>Why there is no such output.</summary>
    public string? WhyNoOutput { get; }

    /// <summary>Where positions come from.</summary>
    public IReadOnlyList<PositionKind> PositionKinds => [.. Positions.Select(p => p.Kind).Distinct()];

    /// <summary>Width of the hidden states.</summary>
    public int? HiddenSize => Layers.Select(l => l.HiddenIn).OfType<string>().Select(h => Flow.Probe[h].Dims?[^1]).FirstOrDefault(d => d is not null);

    /// <summary>What every token sees, when all layers agree or differ by a local window only; null when some layer's is unknown.</summary>
    public MaskKind? Sees
    {
        get
        {
            MaskKind[] kinds = [.. Layers.Select(SeenBy)];
            return kinds.Contains(MaskKind.Unknown) || kinds.Length == 0 ? null : kinds.Contains(MaskKind.Causal) ? MaskKind.Causal : kinds.Contains(MaskKind.Window) ? MaskKind.Window : MaskKind.Bidirectional;
        }
    }

    /// <summary>Whether an operator takes lengths of rows in place of the mask: left padding, or a hole in the mask, would be silently wrong.</summary>
    public bool RightPaddingOnly => Layers.Any(l => l.Masks.Any(m => m.Kind == MaskKind.Lengths));

    /// <summary>The family whose traits the graph has; a name for people, no pass depends on it.</summary>
    public string Family
    {
        get
        {
            bool isRms = Layers.Any(l => l.Norm == NormKind.RmsNorm), isRotary = Positions.Any(p => p.Kind is PositionKind.Rotary or PositionKind.GroupQueryAttention or PositionKind.Input);
            bool isFirst = Layers.Any(l => l.NormalisesFirst == true), isRelative = Layers.Any(l => l.Site.Terms.Any(t => t.Reading.Kind == MaskKind.Bias));
            return (isFirst, isRms) switch
            {
                (false, false) when Positions.Any(p => p.Offset > 0) => "RoBERTa",
                (false, false) => "BERT",
                (true, true) when isRelative => "T5",
                (true, true) when isRotary && Layers.Any(HasQueryNorm) => "Qwen3",
                (true, true) when isRotary && Layers.Any(HasQueryBias) => "Qwen2",
                (true, true) when isRotary => "Llama",
                (true, false) when isRotary => "ModernBERT",
                _ => "unknown",
            };
        }
    }

    internal Graph Graph { get; }

    internal Flow Flow { get; }

    internal IReadOnlyList<PositionSite> Positions { get; }

    /// <summary>The normalisation behind the last layer, in models whose layers normalise first.</summary>
    internal NormSite? Final { get; }

    /// <summary>Looks at a model.</summary>
    /// <exception cref="OnnxFormatException">Its operator set is not understood, or no attention was found.</exception>
    public static TransformerGraph Analyze(OnnxModel model) => Analyze(new Graph(model));

    internal static TransformerGraph Analyze(Graph graph)
    {
        if (graph.Opset is < OldestOpset or > NewestOpset)
        {
            throw new OnnxFormatException(graph.Path, $"uses operator set {graph.Opset}; {OldestOpset} to {NewestOpset} are understood. Export it again with one of those, such as 17.");
        }
        Flow flow = new(graph, Probe.Run(graph));
        Norms norms = new(flow);
        JunctionFinder junctions = new(flow, norms);
        AttentionSite[] sites = [.. new AttentionFinder(flow).Find()];
        if (sites.Length == 0)
        {
            NodeProto? softmax = graph.Nodes.FirstOrDefault(n => n.OpType == "Softmax");
            throw new OnnxFormatException(graph.Path, $"has no attention that is understood among its {graph.Nodes.Count} nodes{(softmax is null ? "" : $" (node '{softmax.Name}' is a softmax of something else)")}. Give a transformer encoder's export.");
        }
        return new TransformerGraph(graph, flow, [.. sites.Select((s, i) => Layer(flow, junctions, s, i))]).Linked();
    }

    /// <summary>What a layer's tokens see, all its masks together.</summary>
    internal static MaskKind SeenBy(TransformerLayer layer)
    {
        MaskKind[] kinds = [.. layer.Site.Terms.Where(t => t.IsMask).Select(t => t.Reading is { Kind: MaskKind.Lengths, Ahead: 0 } ? MaskKind.Causal : t.Reading.Kind == MaskKind.Lengths ? MaskKind.Bidirectional : t.Reading.Kind)];
        return kinds.Contains(MaskKind.Unknown) ? MaskKind.Unknown : kinds.Contains(MaskKind.Causal) ? MaskKind.Causal : kinds.Contains(MaskKind.Window) ? MaskKind.Window : MaskKind.Bidirectional;
    }

    private static TransformerLayer Layer(Flow flow, JunctionFinder junctions, AttentionSite site, int index)
    {
        List<string> unproven = [];
        Junction? attention = junctions.AfterAttention(site.Context), feedForward = attention is null ? null : junctions.AfterFeedForward(attention);
        bool? first = null;
        if (attention is null)
        {
            unproven.Add($"the sum behind attention '{site.Core.Name}' was not found");
        }
        else if (feedForward is null)
        {
            unproven.Add($"the sum behind the feed-forward part of '{site.Core.Name}' was not found");
        }
        else
        {
            string stream = flow.Root(feedForward.Residual);
            first = attention.Sum == stream ? true : attention.Norm?.Output is { } norm && flow.Root(norm) == stream ? false : null;
            _ = first is null && Add(unproven, $"the stream behind attention '{site.Core.Name}' is neither the sum nor its normalisation");
        }
        foreach (MaskTerm term in site.Terms.Where(t => t.Reading.Kind == MaskKind.Unknown))
        {
            unproven.Add($"the mask at node '{term.Node.Label()}', input {term.Index}: {term.Reading.Why}");
        }
        return new TransformerLayer
        {
            Index = index,
            Form = site.Form,
            HiddenIn = attention is null ? null : flow.Root(attention.Residual),
            HiddenOut = first == true ? feedForward!.Sum : first == false ? feedForward!.Norm?.Output : null,
            Scores = site.Form == AttentionForm.Unfused ? site.Core.Input[0] : null,
            Masks = [.. site.Terms.Select(t => t.Reading)],
            Heads = site.Heads,
            KeyHeads = site.KeyHeads,
            HeadSize = site.HeadSize,
            Scale = site.Scale,
            Norm = (attention?.Norm ?? feedForward?.Norm)?.Kind,
            NormalisesFirst = first,
            Unproven = unproven,
            Site = site,
            Attention = attention,
            FeedForward = feedForward,
        };
    }

    private static bool Add(List<string> list, string text)
    {
        list.Add(text);
        return true;
    }

    /// <summary>Requires that each layer starts where the one before ends, and the first where nothing like a layer stands before it.</summary>
    private TransformerGraph Linked()
    {
        if (Layers[0] is { HiddenIn: { } begin, Unproven: List<string> unproven } && Flow.To(begin).Select(Graph.Producer).OfType<NodeProto>().FirstOrDefault(IsOfALayer) is { } earlier)
        {
            unproven.Add($"before it stands node '{earlier.Label()}' ({earlier.Operator()}), as if an attention in front of it was not understood");
        }
        for (int i = 1; i < Layers.Count; i++)
        {
            TransformerLayer before = Layers[i - 1], layer = Layers[i];
            bool isLinked = before.HiddenOut is { } end && layer.HiddenIn is { } start && (Flow.Root(end) == start || IsEdited(start, end));
            if (!isLinked && before.Unproven.Count == 0 && layer.Unproven.Count == 0)
            {
                ((List<string>)layer.Unproven).Add($"layer {i} starts from '{layer.HiddenIn}', but layer {i - 1} ends at '{before.HiddenOut}'");
            }
        }
        return this;
    }

    /// <summary>A softmax, or a product of two activations: embeddings have neither.</summary>
    private bool IsOfALayer(NodeProto node) => node.OpType is "Softmax" or "Attention" or "MultiHeadAttention" || (node.OpType == "MatMul" && Flow.Varies(node.Input[0]) && Flow.Varies(node.Input[1]));

    /// <summary>Whether a state is another one but for some tokens, which Token Prepending replaces.</summary>
    private bool IsEdited(string state, string before) => Graph.Producer(state) is { OpType: "Where" } where && Flow.Root(where.Input[2]) == Flow.Root(before);

    private (string? Output, string? Why) FindOutput()
    {
        if (Layers[^1] is not { FeedForward: { } last, NormalisesFirst: { } first })
        {
            return (null, "the end of the last layer was not found");
        }
        string? end = first && Final is null ? last.Sum : last.Norm?.Output;
        string? output = end is null ? null : Graph.Outputs.FirstOrDefault(o => Unconverted(o) == Flow.Root(end));
        return (output, output is null ? "no output holds the last layer's hidden states" : null);
    }

    /// <summary>An output before it was turned from half into single precision.</summary>
    private string Unconverted(string output) => Graph.Producer(Flow.Root(output)) is { OpType: "Cast" } cast && DataType.IsFloating(Flow.Probe[cast.Input[0]].Type) ? Flow.Root(cast.Input[0]) : Flow.Root(output);

    private bool HasQueryBias(TransformerLayer layer) => Flow.Projection(layer.Site.Query) is { } node
        && Flow.UsesOf(node.Output[0]).Any(u => u.Node.OpType == "Add" && u.Index >= 0 && !Flow.Varies(u.Node.Input[1 - u.Index]));

    private bool HasQueryNorm(TransformerLayer layer) => Flow.Projection(layer.Site.Query) is { } node
        && Flow.To(layer.Site.Query) is var before && Flow.From(node.Output[0]).Any(t => before.Contains(t) && Graph.Producer(t) is { OpType: "Sqrt" or "RMSNormalization" or "SimplifiedLayerNormalization" });
}
