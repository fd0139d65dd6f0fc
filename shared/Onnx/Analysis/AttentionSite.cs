using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>How an export writes attention.</summary>
public enum AttentionForm
{
    /// <summary>A product, a softmax and a product.</summary>
    Unfused,
    /// <summary>The standard Attention operator, operator set 23.</summary>
    Standard,
    /// <summary>com.microsoft.Attention: projections inside.</summary>
    Microsoft,
    /// <summary>com.microsoft.GroupQueryAttention: causal, with a cache.</summary>
    GroupQuery,
}

/// <summary>An operand that is added to the scores, or a mask input of a fused operator.</summary>
/// <param name="Node">The Add, or the operator.</param>
/// <param name="Index">Which of its inputs.</param>
/// <param name="Reading">What it does.</param>
internal sealed record MaskTerm(NodeProto Node, int Index, MaskReading Reading)
{
    public bool IsMask => Reading.Kind is not MaskKind.Bias;
}

/// <summary>One attention of a model.</summary>
internal sealed record AttentionSite
{
    public required AttentionForm Form { get; init; }

    /// <summary>The softmax, or the fused operator.</summary>
    public required NodeProto Core { get; init; }

    /// <summary>The product of queries and keys; null when fused.</summary>
    public NodeProto? Product { get; init; }

    /// <summary>What is added to the scores, the one next to the product first.</summary>
    public required IReadOnlyList<MaskTerm> Terms { get; init; }

    /// <summary>Queries, keys and values as they meet; the packed or raw inputs when fused.</summary>
    public required string Query { get; init; }

    public required string? Key { get; init; }

    /// <summary>Output: the values, weighted.</summary>
    public required string Context { get; init; }

    public int? Heads { get; init; }

    public int? KeyHeads { get; init; }

    public int? HeadSize { get; init; }

    /// <summary>Factor on the product of queries and keys.</summary>
    public double? Scale { get; init; }
}
