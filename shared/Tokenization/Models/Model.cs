namespace Retrieval.Tokenization;

/// <summary>A model component: one piece of text (what the pre-tokenizer left whole) to tokens. Immutable and thread-safe, scratch memory is the sink's or the thread's.</summary>
internal abstract class Model
{
    /// <summary>Appends the tokens of one piece.</summary>
    /// <param name="piece">Not empty, UTF-16 without lone surrogates.</param>
    /// <param name="origin">What places count from: the piece's index in the text.</param>
    /// <param name="sink">Takes (id, start, length) in chars. A token that stands for a part of a code point has the whole code point's place.</param>
    /// <exception cref="TokenizationException">The piece has no token and the model has no unknown one.</exception>
    public abstract void Tokenize(ReadOnlySpan<char> piece, int origin, TokenBuffer sink);

    /// <summary>Id of a token of the vocabulary; null when there is none.</summary>
    public abstract int? TokenToId(ReadOnlySpan<char> token);

    /// <summary>Token of an id; null when there is none.</summary>
    public abstract string? IdToToken(int id);

    /// <summary>Entries of the vocabulary, without added tokens.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Id of tokens that show the text they stand for, not the vocabulary's spelling (Unigram's unknown); -1 when there is none.</summary>
    public virtual int ShowsText => -1;
}
