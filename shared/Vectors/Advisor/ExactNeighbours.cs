using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Vectors.Advisor;

/// <summary>The true nearest rows of queries, which every codec is measured against.</summary>
public static class ExactNeighbours
{
    private const int Block = 4096;

    /// <summary>Of each query the best rows by inner product, best first.</summary>
    /// <param name="rows">Row-major.</param>
    /// <param name="queries">Row-major, of the same dimensions.</param>
    /// <param name="dimensions">Numbers in a row.</param>
    /// <param name="top">Rows wanted.</param>
    /// <param name="cancellationToken">Looked at between blocks.</param>
    public static int[][] Find(ReadOnlyMemory<float> rows, ReadOnlySpan<float> queries, int dimensions, int top, CancellationToken cancellationToken)
    {
        int count = queries.Length / dimensions, all = rows.Length / dimensions;
        TopRows[] best = [.. Enumerable.Range(0, count).Select(_ => new TopRows(top))];
        PackedMatrix packed = PackedMatrix.OfTransposed(queries, count, dimensions);
        float[] scores = new float[Block * count];
        for (int first = 0; first < all; first += Block)
        {
            int some = Math.Min(Block, all - first);
            packed.Multiply(rows.Slice(first * dimensions, some * dimensions), some, scores.AsMemory(0, some * count), cancellationToken);
            for (int i = 0; i < some * count; i++)
            {
                best[i % count].Add(first + i / count, scores[i]);
            }
        }
        return [.. best.Select(b => b.ToSorted().Select(r => r.Row).ToArray())];
    }
}
