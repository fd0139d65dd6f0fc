using System.Numerics.Tensors;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// NV-Embed's latent attention over the token states (arXiv 2405.17428): tokens are the queries, learned latents the keys and values. The output
/// of token states is replaced; pooling and unit length follow as passes of their own.
/// </summary>
public static class LatentAttentionPass
{
    private const string Name = "latentAttention";

    /// <summary>Puts the head on.</summary>
    /// <param name="model">Its token states are as wide as the latents.</param>
    /// <param name="weights">Of the head.</param>
    /// <param name="folded">Keys and values are constants of the weights: for each head W_q K' / sqrt(d) and V W_o are computed now, so that a token costs two products of (width x heads x latents).</param>
    /// <exception cref="PassRefusedException">The model has no token states, or of another width.</exception>
    public static OnnxModel Apply(OnnxModel model, CrossAttentionWeights weights, bool folded)
    {
        HeadGraph head = new(model, Name);
        ValueInfoProto output = TokenStates.Of(head);
        TokenStates.RequireWidth(head, output, weights.Width, $"latent attention '{weights.Prefix}latents' of {weights.Latents.Size}");
        string states = head.Take(output.Name);
        string queries = head.LayerNorm(states, head.Constant(weights.Norms[0].Name, weights.Norms[0]), head.Constant(weights.Norms[1].Name, weights.Norms[1]));
        string attended = head.Op("Add", folded ? Folded(head, weights, queries) : Unfolded(head, weights, queries), states);
        head.Give(weights.FeedForward(head, attended), output.Name, DataType.Float, "batch", "tokens", $"{weights.Width}");
        return head.ToModel();
    }

    private static string Unfolded(HeadGraph head, CrossAttentionWeights w, string queries)
    {
        string context = head.LayerNorm(head.Constant(w.Latents.Name, w.Latents), head.Constant(w.Norms[2].Name, w.Norms[2]), head.Constant(w.Norms[3].Name, w.Norms[3]));
        string both = head.Linear(context, w.Attention[1], null); // (latents, 2 inner)
        string keys = PerHead(head, w, head.Slice(both, 1, 0, w.Inner), 1, 2, 0), values = PerHead(head, w, head.Slice(both, 1, w.Inner, 2 * w.Inner), 1, 0, 2);
        string query = head.Transpose(head.Reshape(head.Linear(queries, w.Attention[0], null), 0, 0, w.Heads, w.HeadWidth), 0, 2, 1, 3);
        string scores = head.Op("Mul", head.Op("MatMul", query, keys), head.Scalar(1 / MathF.Sqrt(w.HeadWidth)));
        string mixed = head.Transpose(head.Op("MatMul", head.Softmax(scores), values), 0, 2, 1, 3);
        return head.Linear(head.Reshape(mixed, 0, 0, w.Inner), w.Attention[2], null);
    }

    private static string PerHead(HeadGraph head, CrossAttentionWeights w, string tensor, params long[] order) => head.Transpose(head.Reshape(tensor, w.Latents.Shape[0], w.Heads, w.HeadWidth), order);

    private static string Folded(HeadGraph head, CrossAttentionWeights w, string queries)
    {
        (float[] inward, float[] outward) = Fold(w);
        int latents = w.Latents.Shape[0];
        string scores = head.Op("MatMul", queries, head.Constant(w.Prefix + "folded_scores", inward, w.Width, w.Heads * latents));
        string shares = head.Reshape(head.Softmax(head.Reshape(scores, 0, 0, w.Heads, latents)), 0, 0, w.Heads * latents);
        return head.Op("MatMul", shares, head.Constant(w.Prefix + "folded_values", outward, w.Heads * latents, w.Width));
    }

    /// <summary>A (width, heads x latents) = W_q' K' / sqrt(d) and B (heads x latents, width) = V W_o', head by head (papers.md A1, exact algebra).</summary>
    private static (float[] Inward, float[] Outward) Fold(CrossAttentionWeights w)
    {
        int latents = w.Latents.Shape[0], columns = w.Heads * latents;
        float[] inward = new float[w.Width * columns], outward = new float[columns * w.Width];
        float[] outputColumns = HeadGraph.Transposed(w.Attention[2]); // (inner, width)
        float[] row = new float[w.Width];
        for (int l = 0; l < latents; l++)
        {
            float[] context = Normed(w, l);
            for (int h = 0; h < w.Heads; h++)
            {
                row.AsSpan().Clear();
                Span<float> value = outward.AsSpan((h * latents + l) * w.Width, w.Width);
                for (int i = h * w.HeadWidth; i < (h + 1) * w.HeadWidth; i++)
                {
                    AddScaled(row, w.Attention[0].Values.AsSpan(i * w.Width, w.Width), Project(w, i, context) / MathF.Sqrt(w.HeadWidth));
                    AddScaled(value, outputColumns.AsSpan(i * w.Width, w.Width), Project(w, w.Inner + i, context));
                }
                for (int j = 0; j < w.Width; j++)
                {
                    inward[j * columns + h * latents + l] = row[j];
                }
            }
        }
        return (inward, outward);
    }

    private static float[] Normed(CrossAttentionWeights w, int latent)
    {
        ReadOnlySpan<float> values = w.Latents.Values.AsSpan(latent * w.Width, w.Width);
        float mean = TensorPrimitives.Sum(values) / w.Width;
        float[] centred = new float[w.Width];
        TensorPrimitives.Subtract(values, mean, centred);
        float scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(centred) / w.Width + 1e-5f);
        for (int i = 0; i < centred.Length; i++)
        {
            centred[i] = centred[i] * scale * w.Norms[2].Values[i] + w.Norms[3].Values[i];
        }
        return centred;
    }

    private static float Project(CrossAttentionWeights w, int row, float[] context) => TensorPrimitives.Dot(w.Attention[1].Values.AsSpan(row * w.Width, w.Width), context);

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float by) => TensorPrimitives.MultiplyAdd(values, by, sum, sum);
}
