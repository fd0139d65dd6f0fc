namespace Retrieval.Tokenization;

/// <summary>Looks for a string, as it stands.</summary>
/// <param name="sought">Not empty.</param>
internal sealed class StringPattern(string sought) : TextPattern
{
    /// <summary>The char that is sought, when it is one.</summary>
    public char? Single => sought.Length == 1 ? sought[0] : null;

    public override bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        int at = text[from..].IndexOf(sought, StringComparison.Ordinal);
        (start, end) = (from + at, from + at + sought.Length);
        return at >= 0;
    }
}
