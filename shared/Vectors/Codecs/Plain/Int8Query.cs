namespace Retrieval.Vectors.Codecs.Plain;

/// <summary>A query of signed bytes against codes of unsigned ones: score = unit x product + offset.</summary>
internal sealed class Int8Query(sbyte[] levels, float unit, float offset) : CodeQuery(levels.Length)
{
    /// <inheritdoc/>
    public override float Score(ReadOnlySpan<byte> code) => MathF.FusedMultiplyAdd(unit, IntegerKernels.Dot(code, levels), offset);
}
