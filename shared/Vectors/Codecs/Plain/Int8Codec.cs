namespace Retrieval.Vectors.Codecs.Plain;

/// <summary>One byte a number, over the range that the sample has in that dimension: no error above half a step inside it; numbers beyond are clipped.</summary>
public sealed class Int8Codec : Codec
{
    internal const string Name = "int8";
    private const int Levels = 255;
    private readonly float[] _lowest, _step;

    private Int8Codec(float[] lowest, float[] step) : base(Name, lowest.Length, lowest.Length) => (_lowest, _step) = (lowest, step);

    internal static Int8Codec Train(CodecTraining training)
    {
        float[] lowest = training.Sample.Span[..training.Dimensions].ToArray(), highest = [.. lowest];
        for (int i = 0; i < training.Sample.Length; i++)
        {
            int j = i % training.Dimensions;
            lowest[j] = MathF.Min(lowest[j], training.Sample.Span[i]);
            highest[j] = MathF.Max(highest[j], training.Sample.Span[i]);
        }
        return new Int8Codec(lowest, [.. lowest.Zip(highest, (l, h) => h / Levels - l / Levels)]);
    }

    internal static Int8Codec Read(BinaryReader reader) => new(reader.ReadSingles(), reader.ReadSingles());

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        for (int i = 0; i < vectors.Length; i++)
        {
            int j = i % Dimensions;
            codes[i] = _step[j] > 0 ? (byte)Math.Clamp(MathF.Round((vectors[i] - _lowest[j]) / _step[j]), 0, Levels) : (byte)0;
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        for (int j = 0; j < vector.Length; j++)
        {
            vector[j] = _lowest[j] + _step[j] * code[j];
        }
    }

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query)
    {
        float[] scaled = [.. query];
        for (int j = 0; j < scaled.Length; j++)
        {
            scaled[j] *= _step[j];
        }
        return new FormatQuery<UInt8Format>(scaled, Kernels.Dot(query, _lowest), CodeBytes);
    }

    /// <summary>The query in bytes too, so that a product is of integers. Its rounding is made up for at the middle of the codes: what is left moves a score by about the rounding of one more byte.</summary>
    protected override CodeQuery PrepareQuick(ReadOnlySpan<float> query)
    {
        const int most = sbyte.MaxValue, middle = 128;
        float largest = 0, offset = Kernels.Dot(query, _lowest);
        for (int j = 0; j < query.Length; j++)
        {
            largest = MathF.Max(largest, MathF.Abs(query[j] * _step[j]));
        }
        float unit = Math.Max(largest / most, float.Epsilon);
        sbyte[] levels = new sbyte[query.Length];
        for (int j = 0; j < levels.Length; j++)
        {
            levels[j] = (sbyte)Math.Clamp(MathF.Round(query[j] * _step[j] / unit), -most, most);
            offset += middle * (query[j] * _step[j] - unit * levels[j]);
        }
        return new Int8Query(levels, unit, offset);
    }

    internal override void WriteBody(BinaryWriter writer)
    {
        writer.WriteSingles(_lowest);
        writer.WriteSingles(_step);
    }
}
