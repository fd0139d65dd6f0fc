namespace Retrieval.Vectors.Codecs;

/// <summary>Inner products of a query with what each half byte of a code may stand for: cells x 16, the low half of a byte first; and what all scores begin with.</summary>
public sealed record NibbleTables(float[] Values, float Constant);

/// <summary>A codec whose score is (constant + a sum of table entries by half bytes) x a factor of the code: what <see cref="Search.PackedCodes"/> scans in registers.</summary>
public interface INibbleTables
{
    /// <summary>Half bytes that are summed, from the first byte on; 0 when this codec's tables are of whole bytes.</summary>
    int Cells { get; }

    /// <summary>The tables of a query.</summary>
    NibbleTables Tables(ReadOnlySpan<float> query);

    /// <summary>What a code's sum is multiplied by.</summary>
    float Factor(ReadOnlySpan<byte> code);
}
