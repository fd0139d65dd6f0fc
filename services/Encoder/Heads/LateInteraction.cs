using System.Numerics.Tensors;
using Retrieval.Contracts;
using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>Token vectors compared one by one, and made fewer.</summary>
internal static class LateInteraction
{
    /// <summary>ColBERT's MaxSim (Khattab and Zaharia 2020): each query token's best cosine in the text; the mean over the query's tokens.</summary>
    public static float MaxSim(TokenVectors query, TokenVectors text)
    {
        int width = query.Dimensions, queryTokens = query.Values.Length / width, textTokens = text.Values.Length / width;
        float sum = 0;
        for (int q = 0; q < queryTokens && textTokens > 0; q++)
        {
            float best = float.NegativeInfinity;
            for (int t = 0; t < textTokens; t++)
            {
                best = Math.Max(best, TensorPrimitives.Dot(query.Values.AsSpan(q * width, width), text.Values.AsSpan(t * width, width)));
            }
            sum += best;
        }
        return queryTokens == 0 ? 0 : sum / queryTokens;
    }

    /// <summary>The cosines that it is made of.</summary>
    public static TokenMatches Matches(TokenVectors query, TokenVectors text)
    {
        int width = query.Dimensions, queryTokens = query.Starts.Length;
        float[] cosines = new float[text.Starts.Length * queryTokens];
        for (int i = 0; i < cosines.Length; i++)
        {
            cosines[i] = TensorPrimitives.Dot(query.Values.AsSpan(i % queryTokens * width, width), text.Values.AsSpan(i / queryTokens * width, width));
        }
        return new TokenMatches(queryTokens, cosines, text.Starts, text.Ends);
    }

    /// <summary>
    /// Neighbouring tokens as one vector: their mean at unit length, from the first character of the group to its last (mean pooling by a factor, as
    /// arXiv 2510.20535 does with queries; a text's vectors shrink by that factor). The last group may be smaller.
    /// </summary>
    public static TokenVectors Pool(TokenVectors text, int factor)
    {
        int width = text.Dimensions, tokens = text.Values.Length / width, groups = (tokens + factor - 1) / factor;
        if (factor == 1)
        {
            return text;
        }
        float[] values = new float[groups * width];
        for (int token = 0; token < tokens; token++)
        {
            Span<float> group = values.AsSpan(token / factor * width, width);
            TensorPrimitives.Add(group, text.Values.AsSpan(token * width, width), group);
        }
        for (int group = 0; group < groups; group++)
        {
            Kernels.Normalize(values.AsSpan(group * width, width)); // neighbours that cancel out stay 0 and meet nothing
        }
        return new TokenVectors(width, values, [.. Enumerable.Range(0, groups).Select(g => text.Starts[g * factor])], [.. Enumerable.Range(0, groups).Select(g => text.Ends[Math.Min(tokens, (g + 1) * factor) - 1])]);
    }
}
