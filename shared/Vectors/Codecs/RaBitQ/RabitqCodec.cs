using System.Runtime.InteropServices;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.RaBitQ;

/// <summary>
/// RaBitQ (2405.12497, 2409.09913) by segments of principal directions: each segment is turned at random and coded by the grid direction nearest to it, and
/// two factors make its estimate of the inner product unbiased and bound its error. The bound is what codecs of other families lack: with it, rescoring
/// can stop when no other vector can be better.
/// </summary>
public sealed class RabitqCodec : Codec
{
    internal const string Name = "rabitq";
    private const int MostRows = 65_536;

    private readonly CentredRotation _space;
    private readonly RabitqSegment[] _segments;
    private readonly float _scale;

    private RabitqCodec(CentredRotation space, RabitqSegment[] segments, float scale) : base(Name, space.Dimensions, segments[^1].FirstByte + segments[^1].Bytes) =>
        (_space, _segments, _scale) = (space, segments, scale);

    internal static RabitqCodec Train(CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        PrincipalDirections principal = PrincipalDirections.Of(training.Limited(MostRows), training.Dimensions, cancellationToken);
        training.Progress?.Report(0.8);
        RabitqSegment[] segments = RabitqLayout.Choose(principal.Variances, bytes);
        CentredRotation space = new([.. principal.Mean.Select(m => (float)m)], Halves.Round(RabitqLayout.Rotation(principal, segments, training.Seed)));
        training.Progress?.Report(1);
        return new RabitqCodec(space, segments, Math.Max((float)Math.Sqrt(principal.Variances.Sum()), float.Epsilon));
    }

    internal static RabitqCodec Read(BinaryReader reader)
    {
        CentredRotation space = CentredRotation.Read(reader);
        byte[] bits = reader.ReadByteArray();
        return bits.Length > 0 && space.Outputs % bits.Length == 0 && bits.All(b => b is 0 or 1 or 2 or 4 or 8)
            ? new RabitqCodec(space, RabitqLayout.Place([.. bits.Select(b => (int)b)], space.Outputs / bits.Length), reader.ReadSingle())
            : throw new CodecFormatException($"{bits.Length} segments do not fit {space.Outputs} outputs.");
    }

    /// <summary>As <see cref="Codec.Query"/>, with the bound of the error beside each score.</summary>
    public RabitqQuery BoundedQuery(ReadOnlySpan<float> query) => (RabitqQuery)Query(query);

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        float[] turned = _space.Forth(vectors);
        codes.Clear();
        for (int i = 0; i < rows; i++)
        {
            for (int s = 0; s < _segments.Length; s++)
            {
                ReadOnlySpan<float> own = turned.AsSpan(i * _space.Outputs + _segments[s].Start, _segments[s].Outputs);
                (float factor, float error) = EncodeSegment(_segments[s], own, codes.Slice(i * CodeBytes, CodeBytes));
                WriteFactors(codes.Slice(i * CodeBytes + RabitqLayout.FactorBytes * s, RabitqLayout.FactorBytes), factor / _scale, error / _scale, firstRow + i);
            }
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        float[] turned = new float[_space.Outputs];
        for (int s = 0; s < _segments.Length; s++)
        {
            (float factor, _) = Factors(code, s, _scale);
            for (int i = 0; _segments[s].Bits > 0 && i < _segments[s].Outputs; i++)
            {
                turned[_segments[s].Start + i] = factor * _segments[s].Level(Get(code, _segments[s], i));
            }
        }
        _space.Back(turned, vector);
    }

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query) => new RabitqQuery(_segments, _space.Turn(query), Kernels.Dot(query, _space.Mean), _scale, CodeBytes);

    internal override void WriteBody(BinaryWriter writer)
    {
        _space.Write(writer);
        writer.WriteBytes([.. _segments.Select(s => (byte)s.Bits)]);
        writer.Write(_scale);
    }

    internal static (float Factor, float Error) Factors(ReadOnlySpan<byte> code, int segment, float scale)
    {
        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(code.Slice(RabitqLayout.FactorBytes * segment, RabitqLayout.FactorBytes));
        return ((float)halves[0] * scale, (float)halves[1] * scale);
    }

    private static int Get(ReadOnlySpan<byte> code, RabitqSegment segment, int i) => code[segment.FirstByte + i * segment.Bits / 8] >> i * segment.Bits % 8 & (1 << segment.Bits) - 1;

    /// <summary>The factor |r|²/(v'r) makes factor v'q unbiased over the random rotation; its deviation is |r| sqrt(1/cos² - 1) / sqrt(n - 1) for a unit q.</summary>
    private static (float Factor, float Error) EncodeSegment(RabitqSegment segment, ReadOnlySpan<float> numbers, Span<byte> code)
    {
        float square = Kernels.Dot(numbers, numbers), spread = MathF.Sqrt(Math.Max(1, numbers.Length - 1));
        if (segment.Bits == 0 || square == 0)
        {
            return (0, MathF.Sqrt(square) / spread);
        }
        Span<int> levels = stackalloc int[numbers.Length];
        (float dot, float own) = segment.Encode(numbers, levels);
        for (int i = 0; i < levels.Length; i++)
        {
            code[segment.FirstByte + i * segment.Bits / 8] |= (byte)(levels[i] << i * segment.Bits % 8);
        }
        float cosine = dot / MathF.Sqrt(own * square);
        return (square / dot, MathF.Sqrt(square * Math.Max(0, 1 / (cosine * cosine) - 1)) / spread);
    }

    private static void WriteFactors(Span<byte> to, float factor, float error, int row)
    {
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(to);
        // An error is rounded up: a bound must not shrink.
        (halves[0], halves[1]) = ((Half)factor, Half.BitIncrement((Half)error));
        if (!Half.IsFinite(halves[0]) || !Half.IsFinite(halves[1]))
        {
            throw new ArgumentException($"Codec {Name} holds lengths up to 65,000 times those of its sample; row {row} is longer. Train it on vectors of such lengths too.");
        }
    }
}

/// <summary>Scores with bounds.</summary>
public sealed class RabitqQuery : CodeQuery
{
    private readonly RabitqSegment[] _segments;
    private readonly float[][] _tables;
    private readonly float[] _lengths;
    private readonly float _constant, _scale;

    internal RabitqQuery(RabitqSegment[] segments, float[] turned, float constant, float scale, int codeBytes) : base(codeBytes)
    {
        (_segments, _constant, _scale) = (segments, constant, scale);
        _lengths = [.. segments.Select(s => MathF.Sqrt(Kernels.Dot(turned.AsSpan(s.Start, s.Outputs), turned.AsSpan(s.Start, s.Outputs))))];
        _tables = [.. segments.Select(s => Tabulate(s, turned.AsSpan(s.Start, s.Outputs)))];
    }

    /// <inheritdoc/>
    public override float Score(ReadOnlySpan<byte> code)
    {
        float score = _constant;
        for (int s = 0; s < _segments.Length; s++)
        {
            ReadOnlySpan<byte> own = code.Slice(_segments[s].FirstByte, _segments[s].Bytes);
            float[] tables = _tables[s];
            float sum = 0;
            for (int b = 0; b < own.Length; b++)
            {
                sum += tables[b * 256 + own[b]];
            }
            score += sum * RabitqCodec.Factors(code, s, _scale).Factor;
        }
        return score;
    }

    /// <summary>How far the score may be from the inner product: <paramref name="deviations"/> standard deviations, 1.9 in the paper (about 1 in 20 is farther), 3 for 1 in 400.</summary>
    public float ErrorBound(ReadOnlySpan<byte> code, float deviations)
    {
        float square = 0;
        for (int s = 0; s < _segments.Length; s++)
        {
            float own = RabitqCodec.Factors(code, s, _scale).Error * _lengths[s];
            square += own * own;
        }
        return deviations * MathF.Sqrt(square);
    }

    private static float[] Tabulate(RabitqSegment segment, ReadOnlySpan<float> turned)
    {
        float[] tables = new float[segment.Bytes * 256];
        int each = segment.Bits == 0 ? 0 : 8 / segment.Bits;
        for (int i = 0; i < tables.Length; i++)
        {
            for (int k = 0; k < each; k++)
            {
                tables[i] += turned[i / 256 * each + k] * segment.Level(i % 256 >> k * segment.Bits & (1 << segment.Bits) - 1);
            }
        }
        return tables;
    }
}
