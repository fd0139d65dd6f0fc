namespace Retrieval.Vectors.Codecs.Qdrant;

/// <summary>Qdrant's binary quantisation of one bit: on above zero, no centring; the score is the bits that agree less those that differ, the query coded too.</summary>
public sealed class QdrantBinaryCodec(int dimensions) : Codec(Name, dimensions, (dimensions + 7) / 8)
{
    internal const string Name = "qdrant-binary";

    internal static QdrantBinaryCodec Read(BinaryReader reader) => new(reader.ReadInt32());

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        codes.Clear();
        for (int i = 0; i < vectors.Length; i++)
        {
            codes[i / Dimensions * CodeBytes + i % Dimensions / 8] |= (byte)((vectors[i] > 0 ? 1 : 0) << i % Dimensions % 8);
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] = SignFormat.At(code, i);
        }
    }

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query)
    {
        byte[] bits = new byte[CodeBytes];
        EncodeRows(query, 1, bits, 0);
        return new AgreementQuery(bits, Dimensions);
    }

    internal override void WriteBody(BinaryWriter writer) => writer.Write(Dimensions);

    private sealed class AgreementQuery(byte[] bits, int dimensions) : CodeQuery(bits.Length)
    {
        public override float Score(ReadOnlySpan<byte> code) => dimensions - 2 * IntegerKernels.Hamming(bits, code);
    }
}
