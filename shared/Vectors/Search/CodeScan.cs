using Retrieval.Vectors.Codecs;

namespace Retrieval.Vectors.Search;

/// <summary>Scans of codes as their codec wrote them.</summary>
public static class CodeScan
{
    // Scores that are held at once.
    private const int Chunk = 256;

    /// <summary>Offers every allowed row of a block of codes to the result.</summary>
    /// <param name="query">Made ready by the codec.</param>
    /// <param name="codes">One after another.</param>
    /// <param name="codeBytes">Bytes of each.</param>
    /// <param name="firstRow">Number of the first row.</param>
    /// <param name="allowed">Rows that may be found, by their number.</param>
    /// <param name="result">Collects the best.</param>
    public static void Scan(CodeQuery query, ReadOnlySpan<byte> codes, int codeBytes, int firstRow, RowBitmap allowed, TopRows result)
    {
        int rows = codes.Length / codeBytes;
        for (int i = 0; i < rows; i++)
        {
            if (allowed[firstRow + i])
            {
                Offer(firstRow + i, query.Score(codes.Slice(i * codeBytes, codeBytes)), result);
            }
        }
    }

    /// <summary>Several queries over the same codes: a chunk of codes is scored for all of them while it is in the cache.</summary>
    public static void ScanBatch(IReadOnlyList<CodeQuery> queries, ReadOnlySpan<byte> codes, int codeBytes, int firstRow, RowBitmap allowed, IReadOnlyList<TopRows> results)
    {
        for (int at = 0; at < codes.Length; at += Chunk * codeBytes)
        {
            ReadOnlySpan<byte> chunk = codes.Slice(at, Math.Min(Chunk * codeBytes, codes.Length - at));
            for (int q = 0; q < queries.Count; q++)
            {
                Scan(queries[q], chunk, codeBytes, firstRow + at / codeBytes, allowed, results[q]);
            }
        }
    }

    private static void Offer(int row, float score, TopRows result)
    {
        if (score >= result.Floor)
        {
            result.Add(row, score);
        }
    }
}
