using System.Collections.Concurrent;

namespace Retrieval.Vectors.Search;

/// <summary>A scan over several cores: parts of the rows with a result each, merged. Which core took which part never changes the answer.</summary>
public static class ParallelScan
{
    /// <summary>The best of all parts.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="partRows">Rows of a part; cancellation is looked at between parts.</param>
    /// <param name="top">Rows wanted.</param>
    /// <param name="scan">Offers the rows from the first number on, so many, to a result.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    public static TopRows Run(int rows, int partRows, int top, Action<int, int, TopRows> scan, CancellationToken cancellationToken)
    {
        ConcurrentBag<TopRows> found = [];
        int parts = (rows + partRows - 1) / partRows;
        Parallel.For(0, parts, new ParallelOptions { CancellationToken = cancellationToken }, () => new TopRows(top), (part, _, own) =>
        {
            scan(part * partRows, Math.Min(partRows, rows - part * partRows), own);
            return own;
        }, found.Add);
        TopRows best = new(top);
        foreach ((int row, float score) in found.SelectMany(f => f.ToSorted()))
        {
            best.Add(row, score);
        }
        return best;
    }
}
