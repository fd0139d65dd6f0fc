using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Vectors in fewer bytes, one rule for all texts, so that they can be compared across requests.</summary>
internal static class VectorTypes
{
    /// <summary>Names.</summary>
    public static readonly string[] Names = ["float", "int8", "uint8", "binary", "ubinary", "base64"];

    private const int Largest = 127, Zero = 128;

    // Numbers of a unit vector of n dimensions lie around 1/sqrt(n); eight times that is beyond all but freak ones, which are clipped.
    private const float Span = 8;

    /// <summary>Each form that was asked for.</summary>
    /// <exception cref="RetrievalException">Invalid: an unknown form.</exception>
    public static CohereByType Of(IReadOnlyList<float[]> vectors, IReadOnlyList<string>? types)
    {
        string[] asked = types is { Count: > 0 } ? [.. types] : ["float"];
        return asked.Except(Names).FirstOrDefault() is { } unknown ? throw new RetrievalException(ErrorKind.Invalid, $"'{unknown}' is no embedding type.", "embedding_types", unknown, string.Join(", ", Names)) : new CohereByType
        {
            Float = asked.Contains("float") ? [.. vectors] : null,
            Int8 = asked.Contains("int8") ? [.. vectors.Select(v => Whole(v, 0))] : null,
            Uint8 = asked.Contains("uint8") ? [.. vectors.Select(v => Whole(v, Zero))] : null,
            Binary = asked.Contains("binary") ? [.. vectors.Select(v => Signs(v, Zero))] : null,
            Ubinary = asked.Contains("ubinary") ? [.. vectors.Select(v => Signs(v, 0))] : null,
            Base64 = asked.Contains("base64") ? [.. vectors.Select(v => Base64Floats.Of(v))] : null,
        };
    }

    /// <summary>-127 to 127 for -8/sqrt(n) to 8/sqrt(n), and an offset.</summary>
    internal static int[] Whole(float[] vector, int offset)
    {
        float scale = Largest * MathF.Sqrt(vector.Length) / Span;
        return [.. vector.Select(x => (int)Math.Clamp(MathF.Round(x * scale), -Largest, Largest) + offset)];
    }

    /// <summary>Eight signs a number, the first in the highest bit, as numpy.packbits has it; less an offset.</summary>
    internal static int[] Signs(float[] vector, int offset) => [.. vector.Chunk(8).Select(part => part.Select((x, i) => x > 0 ? 1 << (7 - i) : 0).Sum() - offset)];
}
