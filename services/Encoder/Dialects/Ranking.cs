namespace Retrieval.Encoder;

/// <summary>Scores in order.</summary>
internal static class Ranking
{
    /// <summary>Best first; of equal ones the earlier.</summary>
    public static IEnumerable<(int Index, float Score)> Of(IReadOnlyList<float> scores) => scores.Select((score, index) => (index, score)).OrderByDescending(s => s.score).ThenBy(s => s.index);
}
