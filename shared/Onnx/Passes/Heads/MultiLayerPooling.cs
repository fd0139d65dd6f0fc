using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Multi-layers trainable pooling (arXiv 2409.02727): one vector of each layer, learned latents as queries over them, the mean of the latents as
/// the text's vector. Output <c>sentence_embedding</c>, and the layers' vectors as <c>layer_vectors</c> (texts, layers, width); unit length follows
/// as a pass of its own. The last layer's vector has the final normalisation, the others none.
/// </summary>
/// <param name="mode">How a layer's states become its vector: the mean behind bidirectional attention, the last token behind causal.</param>
/// <param name="weights">Of the head.</param>
/// <param name="table">A row for each layer at least; added to the layer's vector.</param>
public sealed class MultiLayerPooling(PoolingMode mode, CrossAttentionWeights weights, WeightTensor table) : GraphPass
{
    /// <summary>Name of the output with the layers' vectors.</summary>
    public const string LayerVectors = "layer_vectors";

    /// <inheritdoc/>
    public override string Name => $"multi-layer-pooling({mode.ToString().ToLowerInvariant()}; {weights.Prefix}latents {weights.Latents.Size})";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => HiddenOutput.Refusal(graph)
        ?? (graph.HiddenSize is { } width && width != weights.Width ? $"the head is for {weights.Width} numbers a token, and the model has {width}; take the head that belongs to this model"
        : table.Shape.Count != 2 || table.Shape[0] < graph.Layers.Count || table.Shape[1] != weights.Width ? $"its {graph.Layers.Count} layers need a row each of '{table.Name}', which is {table.Size}; take the head that belongs to this model"
        : graph.Graph.IsInput(TokenStates.Mask) ? null : $"the model has no input '{TokenStates.Mask}'");

    private protected override bool Edit(TransformerGraph graph)
    {
        HeadGraph head = new(graph.Graph, Name);
        // States are looked up before anything is added: a fused node gives some of them out only now.
        string[] layers = [.. Enumerable.Range(1, graph.Layers.Count).Select(n => HiddenOutput.Library(graph, n))];
        (string vector, string vectors) = Build(head, [.. layers.Select(l => head.Cast(l, DataType.Float))]);
        foreach (string taken in head.Graph.Outputs.Where(o => o is TokenStates.Vector or LayerVectors).ToArray())
        {
            head.Take(taken);
        }
        head.Give(vectors, LayerVectors, DataType.Float, "batch", $"{layers.Length}", $"{weights.Width}");
        head.Give(vector, TokenStates.Vector, DataType.Float, "batch", $"{weights.Width}");
        return true;
    }

    private (string Vector, string Layers) Build(HeadGraph head, IReadOnlyList<string> layers)
    {
        string mask = TokenStates.FloatMask(head);
        string vectors = head.Concat(1, layers.Select(l => head.Unsqueeze(PoolingPass.Pool(head, l, mask, mode), 1)));
        string rows = head.Constant(table.Name, table.Values[..(layers.Count * weights.Width)], layers.Count, weights.Width);
        string keyed = head.LayerNorm(head.Op("Add", vectors, rows), head.Constant(weights.Norms[0].Name, weights.Norms[0]), head.Constant(weights.Norms[1].Name, weights.Norms[1]));
        string latents = head.Constant(weights.Latents.Name, weights.Latents);
        string attended = head.Op("Add", Attend(head, latents, keyed), latents);
        return (head.Mean(weights.FeedForward(head, attended), 1), vectors);
    }

    private string Attend(HeadGraph head, string latents, string keyed)
    {
        CrossAttentionWeights w = weights;
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
