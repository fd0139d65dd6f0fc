namespace Retrieval.Tokenization;

/// <summary>A normalizer component. Immutable and thread-safe.</summary>
internal abstract class Normalizer
{
    /// <summary>Rewrites a text. Returns false, and leaves the output alone, when the text stays as it is; a pure ASCII text should find that out fast.</summary>
    /// <param name="text">The text; never a view of <paramref name="output"/>.</param>
    /// <param name="output">Empty; takes the new text with its places.</param>
    public abstract bool Apply(AlignedText text, TextBuffer output);
}
