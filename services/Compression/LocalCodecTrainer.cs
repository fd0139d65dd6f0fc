using Retrieval.Contracts;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Compression;

/// <summary>Trains codecs in this process, on every core.</summary>
internal sealed class LocalCodecTrainer : ICodecTrainer
{
    /// <inheritdoc/>
    public Task<byte[]> TrainAsync(string codec, ReadOnlyMemory<float> sample, int dimensions, int seed, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult(CodecSpec.Parse(codec).Train(new CodecTraining(sample, dimensions, seed), cancellationToken).ToBytes());
        }
        catch (ArgumentException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "codec", codec, string.Join(", ", CodecSpec.Kinds), inner: e);
        }
    }
}
