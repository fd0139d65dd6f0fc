namespace Retrieval.Onnx;

/// <summary>One layer as the analysis found it; tensors by name. What could not be proven is null, and <see cref="Unproven"/> says why.</summary>
public sealed record TransformerLayer
{
    /// <summary>Number, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>How the export writes attention.</summary>
    public required AttentionForm Form { get; init; }

    /// <summary>The hidden state that the layer starts from.</summary>
    public required string? HiddenIn { get; init; }

    /// <summary>The hidden state that it leaves, before any final normalisation; null also where a fused node keeps it inside.</summary>
    public required string? HiddenOut { get; init; }

    /// <summary>Scores before the softmax; null when an operator keeps them inside.</summary>
    public required string? Scores { get; init; }

    /// <summary>What is added to the scores or hides some of them, nearest to the product first.</summary>
    public required IReadOnlyList<MaskReading> Masks { get; init; }

    /// <summary>Attention heads.</summary>
    public required int? Heads { get; init; }

    /// <summary>Heads of keys and values; fewer than <see cref="Heads"/> with grouped queries.</summary>
    public required int? KeyHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int? HeadSize { get; init; }

    /// <summary>Factor on the product of queries and keys.</summary>
    public required double? Scale { get; init; }

    /// <summary>Its normalisation.</summary>
    public required NormKind? Norm { get; init; }

    /// <summary>Whether branches normalise what they take (true) or their sum with the stream (false).</summary>
    public required bool? NormalisesFirst { get; init; }

    /// <summary>What could not be proven, and why.</summary>
    public required IReadOnlyList<string> Unproven { get; init; }

    internal AttentionSite Site { get; init; } = null!;

    internal Junction? Attention { get; init; }

    internal Junction? FeedForward { get; init; }
}
