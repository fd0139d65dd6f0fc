using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Compression;

/// <summary>A codec as a caller hands it in.</summary>
internal static class CodecState
{
    /// <summary>What each kind is, in a sentence.</summary>
    public static IReadOnlyDictionary<string, string> About { get; } = new Dictionary<string, string>
    {
        ["float32"] = "The numbers as they are.",
        ["float16"] = "Each number rounded to 16 bits.",
        ["int8"] = "Each number as one byte between its dimension's least and greatest.",
        ["sign"] = "One bit a dimension: the sign of the number.",
        ["itq"] = "Bits: the signs after a learned rotation (iterative quantization).",
        ["pq"] = "Product quantization: the nearest of 256 centroids for each part of the vector.",
        ["opq"] = "Product quantization after a learned rotation.",
        ["pq4"] = "Product quantization with 16 centroids for each part, for scans with tables in registers.",
        ["opq4"] = "Product quantization with 16 centroids for each part after a learned rotation.",
        ["opq+"] = "Product quantization of centred and rotated directions, scored by cosine.",
        ["repconc"] = "Product quantization of centred and rotated directions whose centroids are used equally often.",
        ["pca"] = "Principal directions, each with bits by its share of the variance.",
        ["pca4"] = "Principal directions, each with bits by its share of the variance and inside half a byte, for scans with tables in registers.",
        ["rabitq"] = "Rotated directions on a grid of few bits (RaBitQ), with bounds of the error.",
        ["qdrant-scalar"] = "Qdrant's scalar quantization.",
        ["qdrant-product"] = "Qdrant's product quantization.",
        ["qdrant-binary"] = "Qdrant's binary quantization.",
    };

    /// <summary>Checked: whole, of a version that is read, within the limits.</summary>
    /// <exception cref="RetrievalException">Invalid or TooLarge.</exception>
    public static Codec Read(byte[]? state, CompressionOptions options)
    {
        if (state is null || state.Length == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, "There is no state.", "state", limit: "base64", help: "Send the state that /v1/codecs/train answered.");
        }
        try
        {
            Codec codec = Codec.Read(state);
            CodecRows.RequireDimensions(codec.Dimensions, "state", options);
            return codec;
        }
        catch (CodecFormatException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "state", $"{state.Length} bytes", help: "Send the state as /v1/codecs/train answered it, or train anew.", inner: e);
        }
    }
}
