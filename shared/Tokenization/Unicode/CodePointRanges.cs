namespace Retrieval.Tokenization;

/// <summary>A set of code points as the sorted places where it begins and stops: an even number of them, each begin inclusive, each stop exclusive. For algebra; <see cref="CodePointSet"/> answers fast.</summary>
internal sealed class CodePointRanges
{
    /// <summary>One past the last code point.</summary>
    public const int Limit = 0x110000;

    private readonly int[] _turns;

    private CodePointRanges(int[] turns) => _turns = turns;

    public static CodePointRanges Empty { get; } = new([]);

    public static CodePointRanges All { get; } = new([0, Limit]);

    public ReadOnlySpan<int> Turns => _turns;

    public bool IsEmpty => _turns.Length == 0;

    /// <summary>The range from first to last, both included.</summary>
    public static CodePointRanges Of(int first, int last) => new([first, last + 1]);

    /// <summary>Ranges in any order, first and last included.</summary>
    public static CodePointRanges Of(IEnumerable<(int First, int Last)> ranges)
    {
        List<int> turns = [];
        foreach ((int first, int last) in ranges.Order())
        {
            if (turns.Count > 0 && first <= turns[^1])
            {
                turns[^1] = Math.Max(turns[^1], last + 1);
            }
            else
            {
                turns.AddRange([first, last + 1]);
            }
        }
        return new([.. turns]);
    }

    public bool Contains(int codePoint)
    {
        int at = Array.BinarySearch(_turns, codePoint);
        return ((at >= 0 ? at + 1 : ~at) & 1) != 0;
    }

    public IEnumerable<int> CodePoints()
    {
        for (int i = 0; i < _turns.Length; i += 2)
        {
            for (int c = _turns[i]; c < _turns[i + 1]; c++)
            {
                yield return c;
            }
        }
    }

    public static CodePointRanges operator ~(CodePointRanges set) => All.Merge(set, static (a, b) => a && !b);

    public static CodePointRanges operator |(CodePointRanges left, CodePointRanges right) => left.Merge(right, static (a, b) => a || b);

    public static CodePointRanges operator &(CodePointRanges left, CodePointRanges right) => left.Merge(right, static (a, b) => a && b);

    private CodePointRanges Merge(CodePointRanges other, Func<bool, bool, bool> keep)
    {
        List<int> turns = [];
        int i = 0, j = 0;
        while (i < _turns.Length || j < other._turns.Length)
        {
            int at = Math.Min(i < _turns.Length ? _turns[i] : Limit, j < other._turns.Length ? other._turns[j] : Limit);
            i += i < _turns.Length && _turns[i] == at ? 1 : 0;
            j += j < other._turns.Length && other._turns[j] == at ? 1 : 0;
            bool inside = keep((i & 1) != 0, (j & 1) != 0);
            if (inside != ((turns.Count & 1) != 0))
            {
                turns.Add(at);
            }
        }
        return new([.. turns]);
    }
}
