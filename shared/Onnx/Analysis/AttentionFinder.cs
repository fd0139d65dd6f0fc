using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Finds attentions from their softmax or their fused operator.</summary>
internal sealed class AttentionFinder(Flow flow)
{
    // Beyond any context; larger numbers mean "to the end".
    private const double LargestWindow = 1e8;

    private readonly Graph _graph = flow.Graph;

    public IEnumerable<AttentionSite> Find() => _graph.Nodes.Select(node => node.Operator() switch
    {
        "Softmax" => Unfused(node),
        "Attention" => Standard(node),
        "com.microsoft.Attention" => Microsoft(node),
        "com.microsoft.GroupQueryAttention" => GroupQuery(node),
        _ => null,
    }).OfType<AttentionSite>();

    private AttentionSite? Unfused(NodeProto softmax)
    {
        double scale = 1;
        List<MaskTerm> terms = [];
        string scores = flow.Root(softmax.Input[0]);
        while (LeadsToProduct(scores, 0) && _graph.Producer(scores) is { } node && !IsProduct(node))
        {
            int index = LeadsToProduct(node.Input[0], 0) ? 0 : 1;
            if (node.Operator() == "Add")
            {
                terms.Add(new MaskTerm(node, 1 - index, Read(node.Input[1 - index])));
            }
            else if (node.Operator() is "Mul" or "Div")
            {
                double factor = flow.Scalar(node.Input[1 - index])!.Value;
                scale *= node.OpType == "Mul" ? factor : 1 / factor;
            }
            scores = flow.Root(node.Input[index]);
        }
        if (_graph.Producer(scores) is not { } product || !IsProduct(product) || Context(softmax.Output[0]) is not { } context)
        {
            return null;
        }
        terms.Reverse();
        int? heads = flow.Probe[scores].Dims is [_, var h, _, _] ? h : null, width = flow.Probe[product.Input[0]].Dims is [_, _, _, var w] ? w : null;
        return new AttentionSite
        {
            Form = AttentionForm.Unfused,
            Core = softmax,
            Product = product,
            Terms = terms,
            Query = product.Input[0],
            Key = product.Input[1],
            Context = context,
            Heads = heads,
            KeyHeads = KeyHeads(product.Input[1], heads),
            HeadSize = width,
            Scale = scale * (product.Float("alpha") ?? 1) * Factor(product.Input[0]) * Factor(product.Input[1]),
        };
    }

    private bool IsProduct(NodeProto node) => node.Operator() is "MatMul" or "com.microsoft.FusedMatMul" && flow.Varies(node.Input[0]) && flow.Varies(node.Input[1]) && flow.Probe[node.Output[0]].Data is null;

    /// <summary>Whether a tensor is a product of two activations but for factors and terms.</summary>
    private bool LeadsToProduct(string tensor, int depth) => depth < 12 && _graph.Producer(tensor) is { } node && node.Operator() switch
    {
        "MatMul" or "com.microsoft.FusedMatMul" => IsProduct(node),
        "Add" => LeadsToProduct(node.Input[0], depth + 1) != LeadsToProduct(node.Input[1], depth + 1),
        "Mul" => (flow.Scalar(node.Input[1]) is not null && LeadsToProduct(node.Input[0], depth + 1)) || (flow.Scalar(node.Input[0]) is not null && LeadsToProduct(node.Input[1], depth + 1)),
        "Div" => flow.Scalar(node.Input[1]) is not null && LeadsToProduct(node.Input[0], depth + 1),
        _ => flow.PassesOn(node) && LeadsToProduct(node.Input[0], depth + 1),
    };

    /// <summary>The product with the values, behind what guards the softmax against rows that see nothing.</summary>
    private string? Context(string weights)
    {
        for (int depth = 0; depth < 8; depth++)
        {
            Use[] uses = [.. flow.UsesOf(weights)];
            if (uses.FirstOrDefault(u => u.Node.Operator() is "MatMul" or "com.microsoft.FusedMatMul" && u.Index == 0).Node is { } product)
            {
                return product.Output[0];
            }
            NodeProto? next = uses.Select(u => u.Node).FirstOrDefault(n => n.Operator() is "Where" or "Cast" or "Dropout");
            if (next is null)
            {
                return null;
            }
            weights = next.Output[0];
        }
        return null;
    }

    /// <summary>Factors that were put on an operand of the product, as SDPA exports do with the root of the scale.</summary>
    private double Factor(string operand)
    {
        double factor = 1;
        while (_graph.Producer(operand) is { } node)
        {
            switch (node.Operator())
            {
                case "Mul" when flow.Scalar(node.Input[1]) is { } right:
                    (factor, operand) = (factor * right, node.Input[0]);
                    break;
                case "Mul" when flow.Scalar(node.Input[0]) is { } left:
                    (factor, operand) = (factor * left, node.Input[1]);
                    break;
                case "Div" when flow.Scalar(node.Input[1]) is { } divisor:
                    (factor, operand) = (factor / divisor, node.Input[0]);
                    break;
                case "Transpose" or "Identity" or "Reshape" or "Cast":
                    operand = node.Input[0];
                    break;
                default:
                    return factor;
            }
        }
        return factor;
    }

    /// <summary>Heads of the keys: grouped-query exports repeat them with an Expand on the way to the product.</summary>
    private int? KeyHeads(string keys, int? heads)
    {
        while (_graph.Producer(keys) is { } node)
        {
            if (node.Operator() == "Expand")
            {
                return flow.Probe[node.Input[0]].Dims is [_, var groups, 1, _, _] ? groups : heads;
            }
            bool isPlain = node.Operator() is "Transpose" or "Identity" or "Reshape" or "Cast" || (node.Operator() is "Mul" or "Div" && flow.Scalar(node.Input[1]) is not null);
            if (!isPlain)
            {
                break;
            }
            keys = node.Input[0];
        }
        return heads;
    }

    private AttentionSite Standard(NodeProto node)
    {
        int[]? query = flow.Probe[node.Input[0]].Dims;
        int? heads = query is { Length: 4 } ? query[1] : node.Attribute("q_num_heads") is { } q ? (int)q.I : null;
        int? size = query is { Length: 4 } ? query[3] : query is { Length: 3 } && heads > 0 ? query[2] / heads : null;
        MaskReading reading = node.In(3) is { } mask ? Read(mask) : new(MaskKind.Bidirectional);
        bool isCausal = node.Int("is_causal", 0) != 0;
        return new AttentionSite
        {
            Form = AttentionForm.Standard,
            Core = node,
            Terms = [new MaskTerm(node, 3, isCausal ? reading with { Kind = MaskKind.Causal, Behind = null, Ahead = 0 } : reading)],
            Query = node.Input[0],
            Key = node.Input[1],
            Context = node.Output[0],
            Heads = heads,
            KeyHeads = KeyHeads(node.Input[1], heads),
            HeadSize = size,
            Scale = node.Float("scale") ?? Usual(size),
        };
    }

    private AttentionSite Microsoft(NodeProto node)
    {
        int heads = (int)node.Int("num_heads", 0);
        int? size = flow.Probe[node.Output[0]].Dims is [_, _, var width] && heads > 0 ? width / heads : null;
        List<MaskTerm> terms = [new MaskTerm(node, 3, node.In(3) is null ? new(MaskKind.Bidirectional)
            : flow.Probe[node.Input[3]].Rank == 1 ? new(node.Int("unidirectional", 0) != 0 ? MaskKind.Causal : MaskKind.Lengths, true)
            : new(MaskKind.Unknown, Why: "com.microsoft.Attention has a mask of another rank than 1"))];
        if (node.In(5) is { } bias)
        {
            terms.Add(new MaskTerm(node, 5, Read(bias)));
        }
        return new AttentionSite
        {
            Form = AttentionForm.Microsoft,
            Core = node,
            Terms = terms,
            Query = node.Input[0],
            Key = null,
            Context = node.Output[0],
            Heads = heads,
            KeyHeads = heads,
            HeadSize = size,
            Scale = node.Float("scale") ?? Usual(size),
        };
    }

    private AttentionSite GroupQuery(NodeProto node)
    {
        int heads = (int)node.Int("num_heads", 0), groups = (int)node.Int("kv_num_heads", 0);
        int? size = flow.Probe[node.Output[0]].Dims is [_, _, var width] && heads > 0 ? width / heads : null;
        return new AttentionSite
        {
            Form = AttentionForm.GroupQuery,
            Core = node,
            Terms = [new MaskTerm(node, 10, new(MaskKind.Lengths, true, null, 0))],
            Query = node.Input[0],
            Key = node.In(1),
            Context = node.Output[0],
            Heads = heads,
            KeyHeads = groups,
            HeadSize = size,
            Scale = node.Float("scale") is { } s && s != 0 ? s : Usual(size),
        };
    }

    /// <summary>
    /// Reads a mask by its numbers. A whole number in it that is larger than the trial is long, such as a sliding window's 4096, would never have shown:
    /// then nothing is said.
    /// </summary>
    private MaskReading Read(string tensor)
    {
        MaskReading reading = MaskReading.Of(flow.Probe[tensor], flow.Probe.Tokens);
        double? unseen = reading.Kind is MaskKind.Bias or MaskKind.Unknown ? null : flow.To(tensor).Where(t => !flow.Varies(t)).Select(t => flow.Probe[t])
            .Where(v => v is { IsInteger: true, Scalar: not null }).Select(v => Math.Abs(v.Scalar!.Value)).FirstOrDefault(v => v > flow.Probe.Tokens && v < LargestWindow);
        return unseen is null or 0 ? reading : new(MaskKind.Unknown, Why: $"it holds the number {unseen}, and a window that wide does not show on the {flow.Probe.Tokens} tokens that were tried");
    }

    /// <summary>What an operator takes when it is told nothing.</summary>
    private static double? Usual(int? headSize) => headSize is { } size ? 1 / Math.Sqrt(size) : null;
}
