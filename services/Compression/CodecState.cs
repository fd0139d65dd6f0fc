using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Compression;

/// <summary>A codec as a caller hands it in.</summary>
internal static class CodecState
{
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
