using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs.Principal;

/// <summary>
/// Principal directions, each with bits by its share of the variance and the Lloyd-Max levels of those bits; then the codes are adjusted one coordinate at a
/// time while the cosine with the vector grows (as SAQ does, 2509.12086). Scored by cosine. <c>pca4</c> keeps each direction inside half a byte, for
/// <see cref="Search.PackedCodes"/>.
/// </summary>
public sealed class PrincipalCodec : DirectionCodec, INibbleTables
{
    internal const string Name = "pca", NibbleName = "pca4";

    // More rows do not change second moments of this size in a digit that matters.
    private const int MostRows = 65_536, MostPoints = 20_000, AdjustRounds = 3;

    private readonly CentredRotation _space;
    private readonly BitField[] _fields;
    private readonly float[][] _levels;
    private readonly float[] _squares;
    private readonly float _meanSquare;

    private PrincipalCodec(string kind, CentredRotation space, BitField[] fields, float[][] levels, bool storesLength)
        : base(kind, space.Dimensions, fields.Max(f => f.Byte) + 1, storesLength)
    {
        (_space, _fields, _levels, _meanSquare) = (space, fields, levels, Kernels.Dot(space.Mean, space.Mean));
        _squares = new float[Bytes * 256];
        Tabulate(_squares, (i, level) => level * (level + 2 * space.TurnedMean[i]));
    }

    private int Bytes => _fields[^1].Byte + 1;

    internal static PrincipalCodec Train(string kind, CodecTraining training, int bytes, CancellationToken cancellationToken)
    {
        int cellBits = kind == NibbleName ? 4 : 8, most = training.Dimensions * cellBits / 8;
        if (bytes < 1 || bytes > most)
        {
            throw new ArgumentException($"Codec {kind} gives a dimension at most {cellBits} bits: {bytes} bytes are not 1 to {most}.");
        }
        (CodecTraining directions, bool storesLength) = Directions(training);
        ReadOnlyMemory<float> rows = directions.Limited(MostRows);
        PrincipalDirections principal = PrincipalDirections.Of(rows, training.Dimensions, cancellationToken);
        training.Progress?.Report(0.5);
        BitField[] fields = BitAllocation.Fill(principal.Variances, bytes, cellBits);
        float[] kept = [.. fields.SelectMany(f => principal.Rows.Row(f.Direction).ToArray()).Select(x => (float)x)];
        CentredRotation space = new([.. principal.Mean.Select(m => (float)m)], Halves.Round(kept));
        PrincipalCodec codec = new(kind, space, fields, FitLevels(space, fields, rows, cancellationToken), storesLength);
        training.Progress?.Report(1);
        return codec;
    }

    internal static PrincipalCodec Read(string kind, BinaryReader reader)
    {
        CentredRotation space = CentredRotation.Read(reader);
        byte[] bits = reader.ReadByteArray();
        List<BitField> fields = [];
        (int at, int shift) = (0, 0);
        foreach (byte own in bits)
        {
            (at, shift) = shift + (own & 15) > 8 || (own & 128) != 0 ? (at + 1, 0) : (at, shift);
            fields.Add(new BitField(at, shift, own & 15, fields.Count));
            shift += own & 15;
        }
        float[][] levels = [.. fields.Select(_ => reader.ReadHalves())];
        return fields.Count == space.Outputs && fields.Count > 0 && levels.Zip(fields, (l, f) => l.Length == 1 << f.Bits).All(x => x)
            ? new PrincipalCodec(kind, space, [.. fields], levels, reader.ReadBoolean())
            : throw new CodecFormatException($"{fields.Count} bit fields do not fit {space.Outputs} directions.");
    }

    /// <inheritdoc/>
    protected override void EncodeDirections(ReadOnlySpan<float> units, int rows, Span<byte> codes)
    {
        float[] turned = _space.Forth(units);
        int[] chosen = new int[_fields.Length];
        codes.Clear();
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> own = turned.AsSpan(row * _fields.Length, _fields.Length);
            for (int i = 0; i < chosen.Length; i++)
            {
                chosen[i] = ScalarLevels.Nearest(_levels[i], own[i]);
            }
            Adjust(units.Slice(row * Dimensions, Dimensions), own, chosen);
            Span<byte> code = codes.Slice(row * Bytes, Bytes);
            for (int i = 0; i < chosen.Length; i++)
            {
                code[_fields[i].Byte] |= (byte)(chosen[i] << _fields[i].Shift);
            }
        }
    }

    /// <inheritdoc/>
    protected override void DecodeDirection(ReadOnlySpan<byte> code, Span<float> vector)
    {
        float[] turned = new float[_fields.Length];
        for (int i = 0; i < turned.Length; i++)
        {
            turned[i] = _levels[i][code[_fields[i].Byte] >> _fields[i].Shift & (1 << _fields[i].Bits) - 1];
        }
        _space.Back(turned, vector);
    }

    /// <inheritdoc/>
    protected override CodeQuery PrepareDirection(ReadOnlySpan<float> query)
    {
        float[] turned = _space.Turn(query), dots = new float[Bytes * 256];
        Tabulate(dots, (i, level) => turned[i] * level);
        return new CosineQuery(dots, _squares, Kernels.Dot(query, _space.Mean), _meanSquare);
    }

    /// <inheritdoc/>
    int INibbleTables.Cells => Kind == NibbleName ? 2 * Bytes : 0;

    /// <inheritdoc/>
    NibbleTables INibbleTables.Tables(ReadOnlySpan<float> query)
    {
        float[] turned = _space.Turn(query), tables = new float[2 * Bytes * 16];
        for (int i = 0; i < _fields.Length; i++)
        {
            for (int code = 0; code < 16; code++)
            {
                tables[Cell(i) * 16 + code] += turned[i] * _levels[i][code >> _fields[i].Shift % 4 & _levels[i].Length - 1];
            }
        }
        return new NibbleTables(tables, Kernels.Dot(query, _space.Mean));
    }

    /// <inheritdoc/>
    float INibbleTables.Factor(ReadOnlySpan<byte> code)
    {
        float square = _meanSquare;
        for (int b = 0; b < Bytes; b++)
        {
            square += _squares[b * 256 + code[b]];
        }
        return square > 0 ? Length(code) / MathF.Sqrt(square) : 0;
    }

    internal override void WriteBody(BinaryWriter writer)
    {
        _space.Write(writer);
        writer.WriteBytes([.. _fields.Select(f => (byte)(f.Bits | (f.Shift == 0 && f.Byte > 0 ? 128 : 0)))]);
        foreach (float[] levels in _levels)
        {
            writer.WriteHalves(levels);
        }
        writer.Write(StoresLength);
    }

    private int Cell(int field) => 2 * _fields[field].Byte + _fields[field].Shift / 4;

    /// <summary>One coordinate after the other goes a level up or down if the cosine grows by it.</summary>
    private void Adjust(ReadOnlySpan<float> unit, ReadOnlySpan<float> turned, int[] chosen)
    {
        float dot = Kernels.Dot(unit, _space.Mean), square = _meanSquare;
        for (int i = 0; i < chosen.Length; i++)
        {
            (dot, square) = (dot + DotShare(i, _levels[i][chosen[i]], turned), square + SquareShare(i, _levels[i][chosen[i]]));
        }
        bool moved = true;
        for (int round = 0; round < AdjustRounds && moved; round++)
        {
            moved = false;
            for (int i = 0; i < chosen.Length; i++)
            {
                moved |= Move(i, chosen[i] + 1, turned, chosen, ref dot, ref square) || Move(i, chosen[i] - 1, turned, chosen, ref dot, ref square);
            }
        }
    }

    private bool Move(int i, int to, ReadOnlySpan<float> turned, int[] chosen, ref float dot, ref float square)
    {
        if ((uint)to >= (uint)_levels[i].Length)
        {
            return false;
        }
        float from = _levels[i][chosen[i]], level = _levels[i][to];
        float newDot = dot + DotShare(i, level, turned) - DotShare(i, from, turned), newSquare = square + SquareShare(i, level) - SquareShare(i, from);
        if (!(newDot > 0) || newDot * newDot * square <= dot * dot * newSquare)
        {
            return false;
        }
        (dot, square, chosen[i]) = (newDot, newSquare, to);
        return true;
    }

    private float DotShare(int i, float level, ReadOnlySpan<float> turned) => (turned[i] + _space.TurnedMean[i]) * level;

    private float SquareShare(int i, float level) => level * (level + 2 * _space.TurnedMean[i]);

    /// <summary>Bytes x 256: the sum over the byte's fields of what a level is worth.</summary>
    private void Tabulate(float[] tables, Func<int, float, float> worth)
    {
        for (int i = 0; i < _fields.Length; i++)
        {
            BitField field = _fields[i];
            Span<float> table = tables.AsSpan(field.Byte * 256, 256);
            float[] own = [.. _levels[i].Select(level => worth(i, level))];
            for (int code = 0; code < 256; code++)
            {
                table[code] += own[code >> field.Shift & own.Length - 1];
            }
        }
    }

    private static float[][] FitLevels(CentredRotation space, BitField[] fields, ReadOnlyMemory<float> rows, CancellationToken cancellationToken)
    {
        int count = Math.Min(rows.Length / space.Dimensions, MostPoints);
        float[] turned = space.Forth(rows.Span[..(count * space.Dimensions)]);
        float[][] levels = new float[fields.Length][];
        Parallel.For(0, fields.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            float[] points = [.. Enumerable.Range(0, count).Select(row => turned[row * fields.Length + i])];
            double scale = Math.Sqrt(points.Average(p => (double)p * p));
            levels[i] = ScalarLevels.Fit(fields[i].Bits, points, scale);
        });
        return levels;
    }
}
