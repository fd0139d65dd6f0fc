namespace Retrieval.Tokenization;

/// <summary>What Split and Replace look for: a string, a regular expression, or a scanner written by hand for a well-known one. Thread-safe.</summary>
internal abstract class TextPattern
{
    /// <summary>The first match that begins at or after an index. What lies before the index is seen by anchors and lookbehind.</summary>
    /// <param name="text">UTF-16 without lone surrogates.</param>
    /// <param name="from">At the border of a code point; text.Length is allowed.</param>
    /// <param name="start">Index of the match.</param>
    /// <param name="end">Index after it; equal to start for an empty match.</param>
    public abstract bool Find(ReadOnlySpan<char> text, int from, out int start, out int end);
}
