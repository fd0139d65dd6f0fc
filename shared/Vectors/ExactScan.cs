namespace Retrieval.Vectors;

/// <summary>Exhaustive search by inner product: the reference that every index is measured against.</summary>
public static class ExactScan
{
    /// <summary>Offers every allowed row of a block to the result.</summary>
    /// <param name="query">Numbers of the query; its length is the row length.</param>
    /// <param name="block">Rows one after another.</param>
    /// <param name="rows">Rows of the block in use.</param>
    /// <param name="firstRow">Number of the block's first row.</param>
    /// <param name="allowed">Rows that may be found, by their number.</param>
    /// <param name="result">Collects the best.</param>
    public static void Scan(ReadOnlySpan<float> query, ReadOnlySpan<float> block, int rows, int firstRow, RowBitmap allowed, TopRows result)
    {
        int dimensions = query.Length;
        for (int i = 0; i < rows; i++)
        {
            if (allowed[firstRow + i])
            {
                result.Add(firstRow + i, Kernels.Dot(query, block.Slice(i * dimensions, dimensions)));
            }
        }
    }
}
