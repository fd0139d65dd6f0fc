namespace Retrieval.Onnx;

/// <summary>
/// Weights of a block of cross attention and feed-forward between states and learned latents, as NV-Embed's latent attention and the multi-layer
/// trainable pooling both have it: no biases in the attention, LayerNorm before each part, GEGLU of a multiple of the width.
/// </summary>
/// <param name="Prefix">Of the names in the file, for messages.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Latents">Latents x width.</param>
/// <param name="Norms">LayerNorm of the stream that the residual runs along, of the other one, and before the feed-forward: weight and bias each.</param>
/// <param name="Attention">Query, key and value stacked, output.</param>
/// <param name="Forward">First weight and bias, second weight and bias.</param>
public sealed record CrossAttentionWeights(string Prefix, int Heads, WeightTensor Latents, IReadOnlyList<WeightTensor> Norms, IReadOnlyList<WeightTensor> Attention, IReadOnlyList<WeightTensor> Forward)
{
    // Ours first, then where the authors' modules have them.
    private static readonly (string Own, string Theirs)[] Blocks =
        [("norm", "cross_attend_blocks.0.norm"), ("norm_context", "cross_attend_blocks.0.norm_context"), ("ff_norm", "cross_attend_blocks.1.norm"),
        ("to_q", "cross_attend_blocks.0.fn.to_q"), ("to_kv", "cross_attend_blocks.0.fn.to_kv"), ("to_out", "cross_attend_blocks.0.fn.to_out"),
        ("ff1", "cross_attend_blocks.1.fn.net.0"), ("ff2", "cross_attend_blocks.1.fn.net.2")];

    /// <summary>Numbers of a state.</summary>
    public int Width => Latents.Shape[1];

    /// <summary>Numbers of all heads together.</summary>
    public int Inner => Attention[0].Shape[0];

    /// <summary>Numbers of one head.</summary>
    public int HeadWidth => Inner / Heads;

    /// <summary>Reads them: <c>{prefix}latents</c>, <c>{prefix}to_q.weight</c> and so on, or the names of the authors' modules.</summary>
    /// <exception cref="OnnxFormatException">One is missing or of a shape that does not fit the others.</exception>
    public static CrossAttentionWeights Read(WeightFile file, string prefix, int heads)
    {
        bool theirs = file.Names.Contains($"{prefix}{Blocks[3].Theirs}.weight");
        string Place(string own) => prefix + (theirs ? Array.Find(Blocks, b => b.Own == own).Theirs : own);
        WeightTensor latents = file.Require(prefix + "latents", -1, -1);
        int width = latents.Shape[1];
        WeightTensor query = file.Require(Place("to_q") + ".weight", -1, width);
        int inner = query.Shape[0];
        if (heads < 1 || inner % heads != 0)
        {
            throw new OnnxFormatException(file.File, $"has '{Place("to_q")}.weight' of {query.Size}, which {heads} heads cannot share. Give the heads that the head was trained with.");
        }
        WeightTensor first = file.Require(Place("ff1") + ".weight", -1, width);
        int half = first.Shape[0] / 2;
        WeightTensor[] Norm(string own) => [file.Require(Place(own) + ".weight", width), file.Require(Place(own) + ".bias", width)];
        return new CrossAttentionWeights(prefix, heads, latents, [.. Norm("norm"), .. Norm("norm_context"), .. Norm("ff_norm")],
            [query, file.Require(Place("to_kv") + ".weight", 2 * inner, width), file.Require(Place("to_out") + ".weight", width, inner)],
            [first, file.Require(Place("ff1") + ".bias", 2 * half), file.Require(Place("ff2") + ".weight", width, half), file.Require(Place("ff2") + ".bias", width)]);
    }

    /// <summary>The block's feed-forward with its residual: x + W2 (a gelu(g)) with a, g the halves of W1 LN(x).</summary>
    internal string FeedForward(HeadGraph head, string stream)
    {
        string normed = head.LayerNorm(stream, head.Constant(Norms[4].Name, Norms[4]), head.Constant(Norms[5].Name, Norms[5]));
        string both = head.Linear(normed, Forward[0], Forward[1]);
        int half = Forward[0].Shape[0] / 2;
        string gated = head.Op("Mul", head.Slice(both, -1, 0, half), head.Gelu(head.Slice(both, -1, half, 2 * half)));
        return head.Op("Add", head.Linear(gated, Forward[2], Forward[3]), stream);
    }
}
