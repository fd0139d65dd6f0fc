using System.Numerics.Tensors;

namespace Retrieval.Encoder;

/// <summary>Logits to scores, and weights of a vocabulary to a sparse vector.</summary>
internal static class Scores
{
    /// <summary>One logit becomes its sigmoid, several their softmax.</summary>
    public static float[] Of(float[] logits)
    {
        float[] scores = new float[logits.Length];
        if (logits.Length == 1)
        {
            TensorPrimitives.Sigmoid(logits, scores);
        }
        else
        {
            // Less the largest, so that nothing overflows.
            TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), scores);
            TensorPrimitives.SoftMax<float>(scores, scores);
        }
        return scores;
    }

    /// <summary>The weights above 0, the heaviest of them where only so many are kept; of equal ones those of smaller ids.</summary>
    public static Contracts.SparseVector Sparse(float[] weights, int? top)
    {
        IEnumerable<int> kept = Enumerable.Range(0, weights.Length).Where(i => weights[i] > 0);
        int[] indices = [.. top is null ? kept : kept.OrderByDescending(i => weights[i]).ThenBy(i => i).Take(top.Value).Order()];
        return new Contracts.SparseVector(indices, [.. indices.Select(i => weights[i])]);
    }
}
