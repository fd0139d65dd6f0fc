using System.Text;

namespace Retrieval.Storage;

/// <summary>A question as an FTS5 expression: its words quoted and joined by OR, so that no character of it is an operator.</summary>
internal static class WordQuery
{
    private const int MostWords = 64;

    // Without this list a common word alone makes FTS5 score most of the collection.
    private static readonly HashSet<string> StopWords = new(StringComparer.Ordinal)
    {
        "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "being", "between", "but", "by", "can", "could", "did", "do", "does",
        "doing", "during", "each", "few", "for", "from", "had", "has", "have", "having", "he", "her", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me",
        "more", "most", "my", "no", "nor", "not", "of", "on", "only", "or", "other", "our", "ours", "out", "over", "own", "same", "she", "should", "so", "some", "such", "t", "s", "than", "that",
        "the", "their", "theirs", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "very", "was", "we", "were", "what", "when",
        "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your", "yours",
    };

    /// <summary>Empty when the query has no word.</summary>
    public static string Of(string query)
    {
        List<string> words = [.. Words(query).Distinct(StringComparer.Ordinal)];
        List<string> content = words.FindAll(w => !StopWords.Contains(w));
        return string.Join(" OR ", (content.Count > 0 ? content : words).Take(MostWords).Select(w => $"\"{w}\""));
    }

    private static IEnumerable<string> Words(string text)
    {
        StringBuilder word = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark)
            {
                word.Append(Rune.ToLowerInvariant(rune));
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }
}
