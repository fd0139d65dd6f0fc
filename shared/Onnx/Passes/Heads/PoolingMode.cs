namespace Retrieval.Onnx;

/// <summary>How the states of a text's tokens become one vector; the names and rules of sentence-transformers. Pads never count.</summary>
public enum PoolingMode
{
    /// <summary>The first token.</summary>
    Cls,
    /// <summary>The mean.</summary>
    Mean,
    /// <summary>The largest of each number.</summary>
    Max,
    /// <summary>The sum by the square root of the length.</summary>
    MeanSqrtLen,
    /// <summary>The mean with weights 1, 2, 3, ...</summary>
    WeightedMean,
    /// <summary>The last token.</summary>
    LastToken,
}

/// <summary>Which tokens of an instruction before a text are left out of its vector (NV-Embed, arXiv 2405.17428).</summary>
public enum InstructionMask
{
    /// <summary>All tokens count.</summary>
    None,
    /// <summary>With n instruction tokens the first n positions are left out. The first position is the beginning-of-text token, so the last instruction token counts: what the authors' code does, and what their published vectors are.</summary>
    Official,
    /// <summary>The beginning-of-text token and all n instruction tokens are left out.</summary>
    Strict,
}
