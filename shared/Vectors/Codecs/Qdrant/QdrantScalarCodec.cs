namespace Retrieval.Vectors.Codecs.Qdrant;

/// <summary>
/// Qdrant's scalar quantisation: one range for all dimensions, seven bits, at the quantile that 5,000 sampled vectors show. The query is
/// coded too. Qdrant keeps the sum of a code beside it; here it is folded into the product with the query.
/// </summary>
public sealed class QdrantScalarCodec : Codec
{
    internal const string Name = "qdrant-scalar";
    private const int Levels = 127, MostRows = 5_000, FewestRows = 127;
    private const float Quantile = 0.99f;
    private readonly float _lowest, _step;

    private QdrantScalarCodec(int dimensions, float lowest, float step) : base(Name, dimensions, dimensions) => (_lowest, _step) = (lowest, step);

    internal static QdrantScalarCodec Train(CodecTraining training)
    {
        float[] numbers = training.Limited(MostRows).ToArray();
        Array.Sort(numbers);
        int cut = training.Rows < FewestRows ? 0 : (int)(numbers.Length * (1 - Quantile) / 2);
        float lowest = numbers[cut], highest = numbers[^(cut + 1)];
        return new QdrantScalarCodec(training.Dimensions, lowest, highest / Levels - lowest / Levels);
    }

    internal static QdrantScalarCodec Read(BinaryReader reader) => new(reader.ReadInt32(), reader.ReadSingle(), reader.ReadSingle());

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        for (int i = 0; i < vectors.Length; i++)
        {
            codes[i] = Level(vectors[i]);
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] = _lowest + _step * code[i];
        }
    }

    /// <summary>The query is coded too: step² times the product of the codes, and what the offset adds on either side.</summary>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query)
    {
        float[] levels = new float[Dimensions];
        float sum = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            byte level = Level(query[i]);
            levels[i] = _step * (_step * level + _lowest);
            sum += level;
        }
        return new Plain.FormatQuery<UInt8Format>(levels, _lowest * (_step * sum + Dimensions * _lowest), CodeBytes);
    }

    internal override void WriteBody(BinaryWriter writer)
    {
        writer.Write(Dimensions);
        writer.Write(_lowest);
        writer.Write(_step);
    }

    private byte Level(float x) => _step > 0 ? (byte)Math.Clamp(MathF.Round((x - _lowest) / _step), 0, Levels) : (byte)0;
}
