using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Codecs.Plain;

/// <summary>Each number rounded to IEEE 754 binary16.</summary>
public sealed class Float16Codec(int dimensions) : Codec(Name, dimensions, dimensions * 2)
{
    internal const string Name = "float16";
    private const float Largest = 65504;

    internal static Float16Codec Read(BinaryReader reader) => new(reader.ReadInt32());

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow)
    {
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(codes);
        for (int i = 0; i < vectors.Length; i++)
        {
            if (MathF.Abs(vectors[i]) > Largest)
            {
                throw new ArgumentException($"Codec float16 holds numbers up to {Largest}; row {firstRow + i / Dimensions}, dimension {i % Dimensions} is {vectors[i]}. Use float32 or int8.");
            }
            halves[i] = (Half)vectors[i];
        }
    }

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector)
    {
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] = Float16Format.At(code, i);
        }
    }

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query) => new FormatQuery<Float16Format>(query.ToArray(), 0, CodeBytes);

    internal override void WriteBody(BinaryWriter writer) => writer.Write(Dimensions);
}
