namespace Retrieval.Compression;

/// <summary>English words that carry little by themselves. Negations are not among them.</summary>
internal static class StopWords
{
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "being", "between", "but", "by", "can", "could", "did", "do", "does", "during",
        "each", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "however", "i", "if", "in", "into", "is", "it", "its", "just", "me", "more", "most", "my", "of", "on", "or", "other",
        "our", "out", "over", "own", "same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too",
        "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "will", "with", "would", "you", "your",
    };

    /// <summary>Whether a word, with what punctuation hangs on it, is one.</summary>
    public static bool Contains(ReadOnlySpan<char> word) => Known.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word.Trim(".,;:!?()[]'\"“”’"));
}
