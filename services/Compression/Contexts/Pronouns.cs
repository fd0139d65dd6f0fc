namespace Retrieval.Compression;

/// <summary>Words that point back to the sentence before, in English, German, French, Spanish and Italian.</summary>
internal static class Pronouns
{
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "it", "he", "she", "they", "this", "these", "those", "its", "his", "her", "hers", "their", "theirs", "him", "them", "such", "both", "another",
        "er", "sie", "es", "dieser", "diese", "dieses", "ihr", "ihre", "sein", "seine", "il", "elle", "ils", "elles", "ce", "cet", "cette", "ces", "son", "sa", "ses", "leur", "leurs",
        "él", "ella", "ellos", "ellas", "este", "esta", "estos", "estas", "su", "sus", "egli", "essa", "essi", "questo", "questa", "questi", "queste",
    };

    /// <summary>Whether a sentence begins with one.</summary>
    public static bool Begin(ReadOnlySpan<char> sentence)
    {
        int start = 0;
        while (start < sentence.Length && !char.IsLetterOrDigit(sentence[start]))
        {
            start++;
        }
        int end = start;
        while (end < sentence.Length && char.IsLetterOrDigit(sentence[end]))
        {
            end++;
        }
        return Known.GetAlternateLookup<ReadOnlySpan<char>>().Contains(sentence[start..end]);
    }
}
