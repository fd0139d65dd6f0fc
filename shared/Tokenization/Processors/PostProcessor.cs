namespace Retrieval.Tokenization;

/// <summary>A post-processor component: puts special tokens around and between texts, and trims offsets. Immutable and thread-safe.</summary>
internal abstract class PostProcessor
{
    /// <summary>How many tokens it adds to one text or a pair.</summary>
    public abstract int Added(bool pair);

    /// <summary>Processes the encodings of a text or a pair (or what an earlier processor made of them), which are merged in the end.</summary>
    /// <param name="drafts">In order.</param>
    /// <param name="addSpecial">Whether special tokens are wanted.</param>
    /// <param name="spaces">Counts the spaces of a token at its ends.</param>
    public abstract List<Draft> Process(List<Draft> drafts, bool addSpecial, TokenSpaces spaces);
}
