namespace Retrieval.Contracts;

/// <summary>
/// Codecs for a caller's own vectors: trained, used and described, and nothing kept; the codec travels as its state. Two implementations: the Compression
/// role in this process, and <see cref="HttpCodecService"/>.
/// </summary>
public interface ICodecService
{
    /// <summary>Equal vectors and seeds give equal states.</summary>
    /// <exception cref="RetrievalException">Invalid: an unknown codec, bytes that do not fit the dimensions, rows of different lengths, numbers that are not finite; TooLarge.</exception>
    Task<CodecTrainResult> TrainAsync(CodecTrainRequest request, CancellationToken cancellationToken);

    /// <summary>One code for each vector, in their order.</summary>
    /// <exception cref="RetrievalException">Invalid: a damaged state, vectors of other dimensions or that this codec cannot code; TooLarge.</exception>
    Task<CodecEncodeResult> EncodeAsync(CodecEncodeRequest request, CancellationToken cancellationToken);

    /// <summary>What the codes stand for, in their order.</summary>
    /// <exception cref="RetrievalException">Invalid: a damaged state, a code of another length; TooLarge.</exception>
    Task<CodecDecodeResult> DecodeAsync(CodecDecodeRequest request, CancellationToken cancellationToken);

    /// <summary>What a state is.</summary>
    /// <exception cref="RetrievalException">Invalid: a damaged state; TooLarge.</exception>
    Task<CodecDescription> DescribeAsync(CodecDescribeRequest request, CancellationToken cancellationToken);
}

/// <summary>What to train, and from what: either vectors or float32.</summary>
/// <param name="Codec">Kind, with the bytes of a code where it has the choice: <c>int8</c>, <c>pca4:48</c>.</param>
/// <param name="Vectors">Rows of equal length.</param>
/// <param name="Float32">The rows one after another, little-endian; needs Dimensions.</param>
/// <param name="Dimensions">Numbers in a row.</param>
/// <param name="Seed">Decides every random choice.</param>
public sealed record CodecTrainRequest(string Codec, IReadOnlyList<float[]>? Vectors = null, byte[]? Float32 = null, int? Dimensions = null, int Seed = 1);

/// <summary>A trained codec.</summary>
/// <param name="Codec">As it was asked for.</param>
/// <param name="Dimensions">Numbers in a vector.</param>
/// <param name="CodeBytes">Bytes of one vector's code.</param>
/// <param name="SharedBytes">Bytes that all vectors share: those of the state.</param>
/// <param name="State">The codec itself, with its checksum; whoever keeps the codes keeps it.</param>
public sealed record CodecTrainResult(string Codec, int Dimensions, int CodeBytes, long SharedBytes, byte[] State);

/// <summary>Vectors to code: either vectors or float32.</summary>
/// <param name="State">Of a training.</param>
/// <param name="Vectors">Rows of the codec's dimensions.</param>
/// <param name="Float32">The rows one after another, little-endian.</param>
public sealed record CodecEncodeRequest(byte[] State, IReadOnlyList<float[]>? Vectors = null, byte[]? Float32 = null);

/// <summary>Codes, one for each vector.</summary>
public sealed record CodecEncodeResult(IReadOnlyList<byte[]> Codes);

/// <summary>Codes to decode.</summary>
/// <param name="State">Of the codec that made the codes.</param>
/// <param name="Codes">Each of the codec's code bytes.</param>
public sealed record CodecDecodeRequest(byte[] State, IReadOnlyList<byte[]> Codes);

/// <summary>Vectors, one for each code.</summary>
public sealed record CodecDecodeResult(IReadOnlyList<float[]> Vectors);

/// <summary>A state to describe.</summary>
public sealed record CodecDescribeRequest(byte[] State);

/// <summary>What a state is.</summary>
/// <param name="Kind">Name of the family.</param>
/// <param name="Dimensions">Numbers in a vector.</param>
/// <param name="CodeBytes">Bytes of one vector's code.</param>
/// <param name="SharedBytes">Bytes that all vectors share: those of the state.</param>
/// <param name="BitsPerDimension">Of a code.</param>
/// <param name="About">One sentence for a person.</param>
public sealed record CodecDescription(string Kind, int Dimensions, int CodeBytes, long SharedBytes, double BitsPerDimension, string About);
