namespace Retrieval.Tokenization;

/// <summary>A text, or a pair of texts; each whole, or as words that are tokenized one by one (offsets are then those in the word).</summary>
public sealed record EncodeInput
{
    private EncodeInput(IReadOnlyList<string> first, IReadOnlyList<string>? second, bool areWords) => (First, Second, AreWords) = (first, second, areWords);

    internal IReadOnlyList<string> First { get; }

    internal IReadOnlyList<string>? Second { get; }

    /// <summary>The texts are given as words.</summary>
    public bool AreWords { get; }

    internal IReadOnlyList<string> Sources => Second is null ? First : [.. First, .. Second];

    /// <summary>One text.</summary>
    public static EncodeInput Text(string text) => new([text], null, false);

    /// <summary>Two texts.</summary>
    public static EncodeInput Pair(string first, string second) => new([first], [second], false);

    /// <summary>One text as words.</summary>
    public static EncodeInput Words(IReadOnlyList<string> words) => new(words, null, true);

    /// <summary>Two texts as words.</summary>
    public static EncodeInput WordPair(IReadOnlyList<string> first, IReadOnlyList<string> second) => new(first, second, true);

    /// <summary>One text.</summary>
    public static implicit operator EncodeInput(string text) => Text(text);
}
