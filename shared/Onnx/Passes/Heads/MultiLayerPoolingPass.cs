using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Multi-layers trainable pooling (arXiv 2409.02727): one vector of each layer, learned latents as queries over them, the mean of the latents as
/// the text's vector. Output <c>sentence_embedding</c>; unit length follows as a pass of its own.
/// </summary>
internal static class MultiLayerPooling
{
    /// <summary>Builds the head on the states of the layers.</summary>
    /// <param name="head">The graph.</param>
    /// <param name="layers">Tensors (texts, tokens, width) of layer 1 to the last.</param>
    /// <param name="mode">How a layer's states become its vector.</param>
    /// <param name="weights">Of the head.</param>
    /// <param name="table">A row for each layer, at least; added to the layer's vector.</param>
    /// <returns>(texts, width), and the layers' vectors (texts, layers, width).</returns>
    public static (string Vector, string Layers) Build(HeadGraph head, IReadOnlyList<string> layers, PoolingMode mode, CrossAttentionWeights weights, WeightTensor table)
    {
        if (table.Shape.Count != 2 || table.Shape[0] < layers.Count || table.Shape[1] != weights.Width)
        {
            throw head.Refuse($"its {layers.Count} layers need a row each of '{table.Name}', which is {table.Size}. Take the head that belongs to this model.");
        }
        string mask = TokenStates.FloatMask(head);
        string vectors = head.Concat(1, layers.Select(l => head.Unsqueeze(PoolingPass.Pool(head, l, mask, mode), 1)));
        string rows = head.Constant(table.Name, table.Values[..(layers.Count * weights.Width)], layers.Count, weights.Width);
        string keyed = head.LayerNorm(head.Op("Add", vectors, rows), head.Constant(weights.Norms[0].Name, weights.Norms[0]), head.Constant(weights.Norms[1].Name, weights.Norms[1]));
        string latents = head.Constant(weights.Latents.Name, weights.Latents);
        string attended = head.Op("Add", Attend(head, weights, latents, keyed), latents);
        return (head.Mean(weights.FeedForward(head, attended), 1), vectors);
    }

    private static string Attend(HeadGraph head, CrossAttentionWeights w, string latents, string keyed)
    {
        string normed = head.LayerNorm(latents, head.Constant(w.Norms[2].Name, w.Norms[2]), head.Constant(w.Norms[3].Name, w.Norms[3]));
        string query = head.Transpose(head.Reshape(head.Linear(normed, w.Attention[0], null), w.Latents.Shape[0], w.Heads, w.HeadWidth), 1, 0, 2);
        string both = head.Linear(keyed, w.Attention[1], null); // (texts, layers, 2 inner)
        string keys = PerHead(head, w, head.Slice(both, 2, 0, w.Inner), 0, 2, 3, 1), values = PerHead(head, w, head.Slice(both, 2, w.Inner, 2 * w.Inner), 0, 2, 1, 3);
        string scores = head.Op("Mul", head.Op("MatMul", query, keys), head.Scalar(1 / MathF.Sqrt(w.HeadWidth)));
        string mixed = head.Transpose(head.Op("MatMul", head.Softmax(scores), values), 0, 2, 1, 3);
        return head.Linear(head.Reshape(mixed, 0, 0, w.Inner), w.Attention[2], null);
    }

    private static string PerHead(HeadGraph head, CrossAttentionWeights w, string tensor, params long[] order) => head.Transpose(head.Reshape(tensor, 0, 0, w.Heads, w.HeadWidth), order);
}
