namespace Retrieval.Vectors.Codecs;

/// <summary>Bytes that are not a codec that this program can read.</summary>
public sealed class CodecFormatException(string message) : Exception(message);
