using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Vectors;

namespace Retrieval.Encoder;

/// <summary>First numbers of a vector that stand alone, for models that were trained for it (Matryoshka, arXiv 2205.13147).</summary>
internal static class PrefixLength
{
    /// <summary>What config.json says: <c>matryoshka_dimensions</c>, or <c>is_matryoshka</c> for any.</summary>
    public static (IReadOnlyList<int> Lengths, bool Any) Read(JsonElement config)
    {
        bool listed = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("matryoshka_dimensions", out JsonElement list) && list.ValueKind == JsonValueKind.Array;
        int[] lengths = listed ? [.. config.GetProperty("matryoshka_dimensions").EnumerateArray().Where(d => d.ValueKind == JsonValueKind.Number && d.TryGetInt32(out int whole) && whole > 0).Select(d => d.GetInt32())] : [];
        return (lengths, lengths.Length == 0 && config.ValueKind == JsonValueKind.Object && config.TryGetProperty("is_matryoshka", out JsonElement any) && any.ValueKind == JsonValueKind.True);
    }

    /// <summary>Refuses a length that the model was not trained for: its vectors would be worse than they look.</summary>
    public static void Require(EncoderDescription model, int? dimensions)
    {
        int all = model.Space.Dimensions;
        if (dimensions is not { } asked || asked == all)
        {
            return;
        }
        string allowed = model.AnyPrefix ? $"1 to {all}" : string.Join(", ", model.Prefixes.Where(p => p < all).Append(all));
        if (model.AnyPrefix ? asked < 1 || asked > all : asked > all || !model.Prefixes.Contains(asked))
        {
            throw new RetrievalException(ErrorKind.Invalid, model.AnyPrefix || model.Prefixes.Count > 0 ? $"Vectors of model '{model.Model}' cannot have {asked} dimensions." : $"Model '{model.Model}' was not trained so that a prefix of its vectors stands alone.",
                "dimensions", $"{asked}", allowed, "Leave dimensions out, or serve a model whose config.json has matryoshka_dimensions.");
        }
    }

    /// <summary>The prefix, at unit length where the whole vector has it.</summary>
    public static float[] Cut(float[] vector, int? dimensions, bool normalize)
    {
        if (dimensions is not { } count || count == vector.Length)
        {
            return vector;
        }
        float[] prefix = vector[..count];
        _ = normalize && Kernels.Normalize(prefix);
        return prefix;
    }
}
