using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Codecs.Plain;

/// <summary>The numbers themselves.</summary>
public sealed class Float32Codec(int dimensions) : Codec(Name, dimensions, dimensions * sizeof(float))
{
    internal const string Name = "float32";

    internal static Float32Codec Read(BinaryReader reader) => new(reader.ReadInt32());

    /// <inheritdoc/>
    protected override void EncodeRows(ReadOnlySpan<float> vectors, int rows, Span<byte> codes, int firstRow) => MemoryMarshal.AsBytes(vectors).CopyTo(codes);

    /// <inheritdoc/>
    protected override void DecodeRow(ReadOnlySpan<byte> code, Span<float> vector) => code.CopyTo(MemoryMarshal.AsBytes(vector));

    /// <inheritdoc/>
    protected override CodeQuery Prepare(ReadOnlySpan<float> query) => new FormatQuery<Float32Format>(query.ToArray(), 0, CodeBytes);

    internal override void WriteBody(BinaryWriter writer) => writer.Write(Dimensions);
}

/// <summary>An inner product with codes of a format, and what is the same for all codes.</summary>
internal sealed class FormatQuery<TFormat>(float[] query, float constant, int codeBytes) : CodeQuery(codeBytes) where TFormat : ICodeFormat
{
    public override float Score(ReadOnlySpan<byte> code) => CodeKernels.Dot<TFormat>(query, code) + constant;
}
