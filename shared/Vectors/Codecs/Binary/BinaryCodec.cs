using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Binary;

/// <summary>
/// One bit a dimension: the sign of the centred vector (<c>sign</c>), or of its principal directions after the rotation that brings them nearest to signs
/// (<c>itq</c>: iterative quantisation, Gong and Lazebnik 2011). Scored with the float32 query; <see cref="HammingQuery"/> is the fast first pass.
/// </summary>
public sealed class BinaryCodec : DirectionCodec
{
    internal const string SignName = "sign", ItqName = "itq";
    private const int Rounds = 50, MostRows = 16_384;

    private readonly CentredRotation _space;
    private readonly float[] _size, _squares;

    private BinaryCodec(string kind, CentredRotation space, float[] size, bool storesLength) : base(kind, space.Dimensions, (space.Outputs + 7) / 8, storesLength)
    {
        (_space, _size) = (space, size);
        float[] turned = [.. space.TurnedMean];
        _squares = Tables(i => 2 * turned[i] * size[i]);
    }

    private int Bytes => (_space.Outputs + 7) / 8;

    internal static BinaryCodec TrainSign(CodecTraining training)
    {
        (CodecTraining directions, bool storesLength) = Directions(training);
        CentredRotation space = new(Mean(directions.Sample, training.Dimensions), []);
        return new BinaryCodec(SignName, space, Sizes(space, directions.Limited(MostRows)), storesLength);
    }

    internal static BinaryCodec TrainItq(CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        int bits = 8 * bytes;
        if (bits > training.Dimensions)
        {
            throw new ArgumentException($"Codec {ItqName} takes a bit from a principal direction: {bytes} bytes are more than the {training.Dimensions} dimensions have. Take at most {training.Dimensions / 8}.");
        }
        (CodecTraining directions, bool storesLength) = Directions(training);
        ReadOnlyMemory<float> rows = directions.Limited(MostRows);
        PrincipalDirections principal = PrincipalDirections.Of(rows, training.Dimensions, cancellationToken);
        float[] mean = [.. principal.Mean.Select(m => (float)m)], kept = [.. principal.Rows.Values.Take(bits * training.Dimensions).Select(x => (float)x)];
        Matrix rotation = Iterate(new CentredRotation(mean, kept).Forth(rows.Span), bits, training, cancellationToken).Rotation;
        Matrix turned = rotation.Transposed() * Matrix.Of(kept, bits, training.Dimensions);
        CentredRotation space = new(mean, Halves.Round(turned.ToSingles()));
        return new BinaryCodec(ItqName, space, Sizes(space, rows), storesLength);
    }

    internal static BinaryCodec Read(string kind, BinaryReader reader)
    {
        CentredRotation space = CentredRotation.Read(reader);
        float[] size = reader.ReadSingles();
        return size.Length == space.Outputs ? new BinaryCodec(kind, space, size, reader.ReadBoolean())
            : throw new CodecFormatException($"{size.Length} sizes do not fit {space.Outputs} bits.");
    }

    /// <summary>The query coded as the vectors are: ranks by the bits that agree.</summary>
    public CodeQuery HammingQuery(ReadOnlySpan<float> query)
    {
        byte[] bits = new byte[Bytes];
        Signs(_space.Forth(query), bits);
        return new HammingQuery(bits, CodeBytes);
    }

    /// <inheritdoc/>
    protected override void EncodeDirections(ReadOnlySpan<float> units, int rows, Span<byte> codes)
    {
        float[] turned = _space.Forth(units);
        for (int i = 0; i < rows; i++)
        {
            Signs(turned.AsSpan(i * _space.Outputs, _space.Outputs), codes.Slice(i * Bytes, Bytes));
        }
    }

    /// <inheritdoc/>
    protected override void DecodeDirection(ReadOnlySpan<byte> code, Span<float> vector)
    {
        float[] turned = new float[_space.Outputs];
        for (int i = 0; i < turned.Length; i++)
        {
            turned[i] = SignFormat.At(code, i) * _size[i];
        }
        _space.Back(turned, vector);
    }

    /// <inheritdoc/>
    protected override CodeQuery PrepareDirection(ReadOnlySpan<float> query)
    {
        float[] turned = _space.Turn(query);
        return new CosineQuery(Tables(i => turned[i] * _size[i]), _squares, Kernels.Dot(query, _space.Mean), Kernels.Dot(_space.Mean, _space.Mean) + Kernels.Dot(_size, _size));
    }

    internal override void WriteBody(BinaryWriter writer)
    {
        _space.Write(writer);
        writer.WriteSingles(_size);
        writer.Write(StoresLength);
    }

    /// <summary>Turns the rotation and the signs in turn; each step lowers |B - V R|².</summary>
    internal static (Matrix Rotation, IReadOnlyList<double> Errors) Iterate(float[] projected, int bits, CodecTraining training, CancellationToken cancellationToken)
    {
        int rows = projected.Length / bits;
        Matrix rotation = Rotations.Random(bits, training.Seed);
        float[] turned = new float[projected.Length], signs = new float[projected.Length];
        List<double> errors = [];
        for (int round = 0; round < Rounds; round++)
        {
            PackedMatrix.Of(rotation.ToSingles(), bits, bits).Multiply(projected, rows, turned, cancellationToken);
            double error = 0;
            for (int i = 0; i < turned.Length; i++)
            {
                signs[i] = turned[i] > 0 ? 1 : -1;
                error += Math.Pow(signs[i] - turned[i], 2);
            }
            errors.Add(error);
            rotation = Rotations.Procrustes(Moments.Cross(projected, bits, signs, bits, cancellationToken), cancellationToken);
            training.Progress?.Report((round + 1.0) / Rounds);
        }
        return (rotation, errors);
    }

    private static float[] Mean(ReadOnlyMemory<float> rows, int dimensions) => [.. Moments.Mean(rows.Span, dimensions).Select(m => (float)m)];

    /// <summary>What a sign stands for: the mean magnitude of its dimension.</summary>
    private static float[] Sizes(CentredRotation space, ReadOnlyMemory<float> rows)
    {
        float[] turned = space.Forth(rows.Span);
        for (int i = 0; i < turned.Length; i++)
        {
            turned[i] = MathF.Abs(turned[i]);
        }
        return [.. Moments.Mean(turned, space.Outputs).Select(m => (float)m)];
    }

    /// <summary>A bit is on above zero.</summary>
    private static void Signs(ReadOnlySpan<float> turned, Span<byte> code)
    {
        code.Clear();
        for (int i = 0; i < turned.Length; i++)
        {
            code[i / 8] |= (byte)((turned[i] > 0 ? 1 : 0) << i % 8);
        }
    }

    private float[] Tables(Func<int, float> worth)
    {
        float[] tables = new float[Bytes * 256];
        for (int i = 0; i < _space.Outputs; i++)
        {
            float own = worth(i);
            for (int code = 0; code < 256; code++)
            {
                tables[i / 8 * 256 + code] += (code >> i % 8 & 1) == 1 ? own : -own;
            }
        }
        return tables;
    }
}

/// <summary>Bits that agree with the query's.</summary>
internal sealed class HammingQuery(byte[] bits, int codeBytes) : CodeQuery(codeBytes)
{
    public override float Score(ReadOnlySpan<byte> code) => 8 * bits.Length - IntegerKernels.Hamming(bits, code[..bits.Length]);
}
