using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>How the tokens of a passage meet the query's: late interaction (ColBERT's MaxSim) for any span of it.</summary>
internal sealed class PassageMatch
{
    private readonly List<int> _starts = [];
    private readonly List<float> _cosines = []; // a row a token
    private int _queryTokens;

    /// <summary>Start of each token in the passage, in order.</summary>
    public IReadOnlyList<int> Starts => _starts;

    /// <summary>The next window of the passage.</summary>
    public void Add(TokenMatches window, int offset)
    {
        _queryTokens = window.QueryTokens;
        _starts.AddRange(window.Starts.Select(s => s + offset));
        _cosines.AddRange(window.Cosines);
    }

    /// <summary>Mean over the query's tokens of the best cosine among the tokens that begin in the span; 0 when none does.</summary>
    public double Score(int start, int end)
    {
        (int first, int last) = (Index(start), Index(end));
        if (first == last || _queryTokens == 0)
        {
            return 0;
        }
        double sum = 0;
        for (int q = 0; q < _queryTokens; q++)
        {
            float best = float.NegativeInfinity;
            for (int t = first; t < last; t++)
            {
                best = Math.Max(best, _cosines[t * _queryTokens + q]);
            }
            sum += best;
        }
        return sum / _queryTokens;
    }

    private int Index(int start)
    {
        int at = _starts.BinarySearch(start);
        if (at < 0)
        {
            return ~at;
        }
        while (at > 0 && _starts[at - 1] == start)
        {
            at--;
        }
        return at;
    }
}
