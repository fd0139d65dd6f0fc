namespace Retrieval.Vectors.Advisor;

/// <summary>What codecs are measured on.</summary>
/// <param name="Rows">Row-major: the vectors, or a sample of them.</param>
/// <param name="Queries">Row-major, of the same dimensions; none of them is a row.</param>
/// <param name="Dimensions">Numbers in a row.</param>
/// <param name="Total">Vectors of the whole collection: what codebooks are shared by, and what query times are for.</param>
public sealed record BenchVectors(ReadOnlyMemory<float> Rows, float[] Queries, int Dimensions, long Total)
{
    /// <summary>Number of rows.</summary>
    public int Count => Rows.Length / Dimensions;

    /// <summary>Number of queries.</summary>
    public int QueryCount => Queries.Length / Dimensions;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => Rows.Span.Slice(row * Dimensions, Dimensions);

    /// <summary>One query.</summary>
    public ReadOnlySpan<float> Query(int query) => Queries.AsSpan(query * Dimensions, Dimensions);
}
