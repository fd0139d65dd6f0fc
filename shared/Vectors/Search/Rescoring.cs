using Retrieval.Vectors.Codecs.RaBitQ;

namespace Retrieval.Vectors.Search;

/// <summary>Candidates of a scan over codes, ranked again by a better score.</summary>
public static class Rescoring
{
    /// <summary>Candidates to ask the scan for: so many times what is wanted, and no fewer.</summary>
    public static int Candidates(int top, double oversampling) => (int)Math.Min(int.MaxValue, Math.Max(top, Math.Ceiling(top * oversampling)));

    /// <summary>The best of the candidates by the exact score.</summary>
    public static (int Row, float Score)[] Rescore(IEnumerable<(int Row, float Score)> candidates, int top, Func<int, float> exact)
    {
        TopRows best = new(top);
        foreach ((int row, _) in candidates)
        {
            best.Add(row, exact(row));
        }
        return best.ToSorted();
    }

    /// <summary>
    /// The best of all allowed rows by the exact score, asked for only where the error bound leaves a chance: rows are taken by their highest possible
    /// score, until that is below the worst kept. Gives how many exact scores it took.
    /// </summary>
    public static ((int Row, float Score)[] Found, int Exact) RescoreBounded(RabitqQuery query, ReadOnlySpan<byte> codes, int codeBytes, RowBitmap allowed, int top, float deviations, Func<int, float> exact)
    {
        PriorityQueue<int, float> byHighest = new();
        for (int row = 0; row < codes.Length / codeBytes; row++)
        {
            ReadOnlySpan<byte> code = codes.Slice(row * codeBytes, codeBytes);
            if (allowed[row])
            {
                byHighest.Enqueue(row, -(query.Score(code) + query.ErrorBound(code, deviations)));
            }
        }
        TopRows best = new(top);
        int asked = 0;
        for (; byHighest.TryDequeue(out int row, out float highest) && -highest >= best.Floor; asked++)
        {
            best.Add(row, exact(row));
        }
        return (best.ToSorted(), asked);
    }
}
