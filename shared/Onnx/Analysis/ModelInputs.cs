namespace Retrieval.Onnx;

/// <summary>Names by which encoders are fed; all are of shape (rows, tokens).</summary>
public static class ModelInputs
{
    /// <summary>Token ids.</summary>
    public const string Ids = "input_ids";
    /// <summary>1 for a token, 0 for padding.</summary>
    public const string Mask = "attention_mask";
    /// <summary>Which of two texts a token belongs to.</summary>
    public const string Types = "token_type_ids";
    /// <summary>A token's position in its text.</summary>
    public const string Positions = "position_ids";
    /// <summary>Of a packed row: which text a token belongs to, -1 for padding.</summary>
    public const string Segments = "segment_ids";
    /// <summary>Of Token Prepending: 1 at the placeholder, else 0; all zeros turn it off.</summary>
    public const string Placeholder = "pst_mask";
}
