using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Compression;

/// <summary>Codecs in this process, on every core.</summary>
internal sealed class LocalCodecService(ICodecTrainer trainer, TrainingQueue queue, CompressionOptions options) : ICodecService
{
    /// <inheritdoc/>
    public async Task<CodecTrainResult> TrainAsync(CodecTrainRequest request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.Codec))
        {
            throw new RetrievalException(ErrorKind.Invalid, "No codec is named.", "codec", request.Codec, string.Join(", ", CodecSpec.Kinds), "Name one, such as int8 or pca4:48.");
        }
        CodecRows rows = CodecRows.Read(request.Vectors, request.Float32, request.Dimensions, options);
        byte[] state = await queue.RunAsync(() => trainer.TrainAsync(request.Codec, rows.Numbers, rows.Dimensions, request.Seed, cancellationToken), cancellationToken);
        Codec codec = Codec.Read(state);
        return new CodecTrainResult(request.Codec, codec.Dimensions, codec.CodeBytes, state.LongLength, state);
    }

    /// <inheritdoc/>
    public Task<CodecEncodeResult> EncodeAsync(CodecEncodeRequest request, CancellationToken cancellationToken)
    {
        Codec codec = CodecState.Read(request.State, options);
        CodecRows rows = CodecRows.Read(request.Vectors, request.Float32, codec.Dimensions, options);
        byte[] codes = new byte[rows.Count * codec.CodeBytes];
        try
        {
            codec.Encode(rows.Numbers, codes, cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, rows.Field, help: $"Leave the vector out, or train another codec than {codec.Kind}.", inner: e);
        }
        return Task.FromResult(new CodecEncodeResult([.. codes.Chunk(codec.CodeBytes)]));
    }

    /// <inheritdoc/>
    public Task<CodecDecodeResult> DecodeAsync(CodecDecodeRequest request, CancellationToken cancellationToken)
    {
        Codec codec = CodecState.Read(request.State, options);
        CodecRows.RequireCount(request.Codes?.Count ?? 0, codec.Dimensions, "codes", options);
        float[][] vectors = new float[request.Codes!.Count][];
        for (int i = 0; i < vectors.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            vectors[i] = Decode(codec, request.Codes[i], i);
        }
        return Task.FromResult(new CodecDecodeResult(vectors));
    }

    /// <inheritdoc/>
    public Task<CodecDescription> DescribeAsync(CodecDescribeRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Codec codec = CodecState.Read(request.State, options);
        return Task.FromResult(new CodecDescription(codec.Kind, codec.Dimensions, codec.CodeBytes, request.State.LongLength, 8.0 * codec.CodeBytes / codec.Dimensions, CodecKind.Find(codec.Kind)!.About));
    }

    private static float[] Decode(Codec codec, byte[]? code, int number)
    {
        if (code?.Length != codec.CodeBytes)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Code {number} has {code?.Length ?? 0} bytes; those of this codec, {codec.Kind}, have {codec.CodeBytes}.", $"codes[{number}]",
                $"{code?.Length ?? 0} bytes", $"{codec.CodeBytes} bytes", "Send the state that the code was made with.");
        }
        float[] vector = new float[codec.Dimensions];
        codec.Decode(code, vector);
        return Array.TrueForAll(vector, float.IsFinite) ? vector
            : throw new RetrievalException(ErrorKind.Invalid, $"Code {number} stands for numbers that are not finite: it is damaged, or not of this codec.", $"codes[{number}]", help: "Encode the vector again.");
    }
}
