using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Codecs;

/// <summary>
/// A codec of directions: a vector's length is not in its code. Trained on unit vectors, it takes no others; trained on any others, the length follows the
/// code as float32 and scores are multiplied by it, so that they estimate inner products all the same.
/// </summary>
public abstract class DirectionCodec : Codec
{
    private readonly int _directionBytes;

    /// <summary>Bytes of the direction, and whether the length follows.</summary>
    protected DirectionCodec(string kind, int dimensions, int directionBytes, bool storesLength)
        : base(kind, dimensions, directionBytes + (storesLength ? sizeof(float) : 0)) => (_directionBytes, StoresLength) = (directionBytes, storesLength);

    /// <summary>Whether each code ends with the vector's length.</summary>
    public bool StoresLength { get; }

    /// <summary>The sample's directions, for training; zero vectors have none and are left out.</summary>
    protected static (CodecTraining Directions, bool StoresLength) Directions(CodecTraining training)
    {
        if (VectorRows.AreUnit(training.Sample.Span, training.Dimensions))
        {
            return (training, false);
        }
        List<float> units = new(training.Sample.Length);
        for (int i = 0; i < training.Rows; i++)
        {
            float[] row = training.Sample.Slice(i * training.Dimensions, training.Dimensions).ToArray();
            units.AddRange(Kernels.Normalize(row) ? row : []);
        }
        return units.Count > 0 ? (training with { Sample = units.ToArray() }, true)
            : throw new ArgumentException($"All {training.Rows} vectors of the sample are zero: there is no direction to learn from.");
    }

    /// <inheritdoc/>
    protected sealed override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        float[] units = vectors.ToArray();
        byte[] directions = new byte[rows * _directionBytes];
        for (int i = 0; i < rows; i++)
        {
            RequireLength(units.AsSpan(i * Dimensions, Dimensions), firstRow + i);
            Kernels.Normalize(units.AsSpan(i * Dimensions, Dimensions));
        }
        EncodeDirections(units, rows, directions);
        for (int i = 0; i < rows; i++)
        {
            Span<byte> code = codes.Slice(i * CodeBytes, CodeBytes);
            directions.AsSpan(i * _directionBytes, _directionBytes).CopyTo(code);
            WriteLength(code[_directionBytes..], vectors.Slice(i * Dimensions, Dimensions));
        }
    }

    /// <inheritdoc/>
    protected sealed override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        DecodeDirection(code[.._directionBytes], vector);
        float length = Length(code);
        Kernels.Normalize(vector);
        foreach (ref float x in vector)
        {
            x *= length;
        }
    }

    /// <inheritdoc/>
    protected sealed override CodeQuery Prepare(ReadOnlySpan<float> query) => StoresLength ? new LengthQuery(PrepareDirection(query), _directionBytes) : PrepareDirection(query);

    /// <summary>Codes unit rows (or zero rows, where lengths are stored).</summary>
    protected abstract void EncodeDirections(ReadOnlySpan<float> units, int rows, Span<byte> codes);

    /// <summary>A vector along the code's direction, of any length above zero.</summary>
    protected abstract void DecodeDirection(ReadOnlySpan<byte> code, Span<float> vector);

    /// <summary>Scores the inner product with the unit vector of a code.</summary>
    protected abstract CodeQuery PrepareDirection(ReadOnlySpan<float> query);

    private void RequireLength(ReadOnlySpan<float> row, int number)
    {
        if (!StoresLength && !VectorRows.IsUnit(row))
        {
            throw new ArgumentException($"Codec {Kind} was trained on unit vectors; row {number} has length {MathF.Sqrt(Kernels.Dot(row, row))}. Normalise it, or train on vectors of other lengths too.");
        }
    }

    /// <summary>The stored length, or one.</summary>
    private protected float Length(ReadOnlySpan<byte> code) => StoresLength ? MemoryMarshal.Read<float>(code[_directionBytes..]) : 1;

    private void WriteLength(Span<byte> to, ReadOnlySpan<float> row)
    {
        if (StoresLength)
        {
            MemoryMarshal.Write(to, MathF.Sqrt(Kernels.Dot(row, row)));
        }
    }

    private sealed class LengthQuery(CodeQuery direction, int directionBytes) : CodeQuery(directionBytes + sizeof(float))
    {
        public override float Score(ReadOnlySpan<byte> code) => direction.Score(code[..directionBytes]) * MemoryMarshal.Read<float>(code[directionBytes..]);
    }
}
