using System.Numerics.Tensors;

namespace Retrieval.Encoder;

/// <summary>The states of a text's tokens to one vector, as sentence-transformers has it.</summary>
internal static class Pooling
{
    /// <summary>Names of the modes; the key of 1_Pooling/config.json is <c>pooling_mode_</c> and the mapped word.</summary>
    public static readonly IReadOnlyDictionary<string, string> Modes = new Dictionary<string, string>
    {
        ["cls"] = "cls_token", ["mean"] = "mean_tokens", ["max"] = "max_tokens", ["mean_sqrt_len"] = "mean_sqrt_len_tokens", ["weightedmean"] = "weightedmean_tokens", ["lasttoken"] = "lasttoken",
    };

    /// <summary>Pools the first rows.</summary>
    /// <param name="mode">One of <see cref="Modes"/>.</param>
    /// <param name="states">Row-major, one row a token.</param>
    /// <param name="tokens">Rows that belong to the text.</param>
    /// <param name="pooled">Its length is the row length.</param>
    public static void Pool(string mode, ReadOnlySpan<float> states, int tokens, Span<float> pooled)
    {
        int width = pooled.Length;
        switch (mode)
        {
            case "cls":
                states[..width].CopyTo(pooled);
                break;
            case "lasttoken":
                states.Slice((tokens - 1) * width, width).CopyTo(pooled);
                break;
            case "max":
                states[..width].CopyTo(pooled);
                for (int i = 1; i < tokens; i++)
                {
                    TensorPrimitives.Max(pooled, states.Slice(i * width, width), pooled);
                }
                break;
            case "weightedmean":
                Sum(states, tokens, pooled, weighted: true);
                TensorPrimitives.Divide(pooled, tokens * (tokens + 1) / 2f, pooled);
                break;
            default:
                Sum(states, tokens, pooled, weighted: false);
                TensorPrimitives.Divide(pooled, mode == "mean" ? tokens : MathF.Sqrt(tokens), pooled);
                break;
        }
    }

    private static void Sum(ReadOnlySpan<float> states, int tokens, Span<float> pooled, bool weighted)
    {
        pooled.Clear();
        for (int i = 0; i < tokens; i++)
        {
            ReadOnlySpan<float> row = states.Slice(i * pooled.Length, pooled.Length);
            if (weighted)
            {
                TensorPrimitives.MultiplyAdd(row, i + 1f, pooled, pooled);
            }
            else
            {
                TensorPrimitives.Add(pooled, row, pooled);
            }
        }
    }
}
