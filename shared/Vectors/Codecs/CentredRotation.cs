using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Codecs;

/// <summary>y = R (x - mean), and back; R has orthonormal rows, as many as dimensions or fewer, and is kept as binary16. Without rows, R is the identity.</summary>
internal sealed class CentredRotation
{
    private readonly float[] _rows, _turnedMean;
    private readonly PackedMatrix? _forth, _back;

    /// <summary>Takes numbers that were rounded to binary16 already.</summary>
    public CentredRotation(float[] mean, float[] rows)
    {
        (Mean, _rows) = (mean, rows);
        if (mean.Length == 0 || rows.Length % mean.Length != 0)
        {
            throw new CodecFormatException($"{rows.Length} numbers are not a rotation of {mean.Length} dimensions.");
        }
        Outputs = rows.Length == 0 ? mean.Length : rows.Length / mean.Length;
        _forth = rows.Length == 0 ? null : PackedMatrix.OfTransposed(rows, Outputs, mean.Length);
        _back = rows.Length == 0 ? null : PackedMatrix.Of(rows, Outputs, mean.Length);
        _turnedMean = Turn(mean);
    }

    /// <summary>The mean in the first space.</summary>
    public float[] Mean { get; }

    /// <summary>The mean, turned.</summary>
    public ReadOnlySpan<float> TurnedMean => _turnedMean;

    /// <summary>Numbers in x.</summary>
    public int Dimensions => Mean.Length;

    /// <summary>Numbers in y.</summary>
    public int Outputs { get; }

    /// <summary>R x of rows, without the mean: what a query needs.</summary>
    public float[] Turn(ReadOnlySpan<float> rows)
    {
        if (_forth is null)
        {
            return rows.ToArray();
        }
        float[] turned = new float[rows.Length / Dimensions * Outputs];
        _forth.Multiply(rows, rows.Length / Dimensions, turned);
        return turned;
    }

    /// <summary>R (x - mean) of rows.</summary>
    public float[] Forth(ReadOnlySpan<float> rows)
    {
        float[] turned = Turn(rows);
        for (int at = 0; at < turned.Length; at += Outputs)
        {
            for (int i = 0; i < Outputs; i++)
            {
                turned[at + i] -= _turnedMean[i];
            }
        }
        return turned;
    }

    /// <summary>mean + R'y of one row.</summary>
    public void Back(ReadOnlySpan<float> turned, Span<float> row)
    {
        if (_back is null)
        {
            turned.CopyTo(row);
        }
        _back?.Multiply(turned, 1, row);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] += Mean[i];
        }
    }

    public static CentredRotation Read(BinaryReader reader) => new(reader.ReadSingles(), reader.ReadHalves());

    public void Write(BinaryWriter writer)
    {
        writer.WriteSingles(Mean);
        writer.WriteHalves(_rows);
    }
}
