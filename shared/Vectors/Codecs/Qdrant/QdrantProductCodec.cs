using Retrieval.Vectors.Codecs.Product;

namespace Retrieval.Vectors.Codecs.Qdrant;

/// <summary>Qdrant's product quantisation: chunks of equal size but the last, 256 centroids from at most 10,000 vectors, no rotation. Bytes are the number of chunks.</summary>
public sealed class QdrantProductCodec : Codec
{
    internal const string Name = "qdrant-product";
    private const int MostRows = 10_000, Rounds = 100;
    private readonly ProductQuantizer _quantizer;

    private QdrantProductCodec(ProductQuantizer quantizer) : base(Name, quantizer.Dimensions, quantizer.CodeBytes) => _quantizer = quantizer;

    internal static QdrantProductCodec Train(CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        int chunk = (training.Dimensions + bytes - 1) / bytes;
        if (bytes > training.Dimensions || (training.Dimensions + chunk - 1) / chunk != bytes)
        {
            throw new ArgumentException($"Codec {Name} cuts {training.Dimensions} dimensions into equal chunks but the last, which does not give {bytes}. Take {(training.Dimensions + chunk - 1) / chunk}.");
        }
        int[] sizes = [.. Enumerable.Range(0, bytes).Select(m => Math.Min(chunk, training.Dimensions - m * chunk))];
        ProductQuantizer quantizer = ProductQuantizer.Train(training.Limited(MostRows), sizes, 8, new KMeansPlan(Rounds, training.Seed), null, cancellationToken);
        training.Progress?.Report(1);
        return new QdrantProductCodec(quantizer);
    }

    internal static QdrantProductCodec Read(BinaryReader reader) => new(ProductQuantizer.Read(reader));

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        for (int i = 0; i < rows; i++)
        {
            _quantizer.Encode(vectors.Slice(i * Dimensions, Dimensions), codes.Slice(i * CodeBytes, CodeBytes));
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector) => _quantizer.Decode(code, vector);

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query) => new TableQuery(_quantizer, _quantizer.DotTables(query));

    internal override void WriteBody(BinaryWriter writer) => _quantizer.Write(writer, half: false);
}
