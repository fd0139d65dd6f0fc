namespace Retrieval.Contracts;

/// <summary>
/// Texts to vectors. Two implementations: the Encoder role in this process, and <see cref="HttpEncoder"/>; Host chooses.
/// A null model means the first that is served.
/// </summary>
public interface IEncoder
{
    /// <summary>What a model is: its space, limits, prompts and tokenizer.</summary>
    Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken);

    /// <summary>One vector a text, in the order of the request.</summary>
    Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>One unit vector a token of each text, special tokens left out.</summary>
    Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>Cosine of each token of the query with each token of each text: what late interaction is made of, so that a caller can score any span of a text.</summary>
    Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken);

    /// <summary>Relevance of each text to the query, larger is better; by late interaction (ColBERT's MaxSim, mean over the query's tokens).</summary>
    Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken);
}

/// <summary>Tokenizer files by their SHA-256, so that every role counts with the encoder's own.</summary>
public interface ITokenizerFiles
{
    /// <summary>The bytes of tokenizer.json.</summary>
    Task<byte[]> ReadTokenizerAsync(string hash, CancellationToken cancellationToken);
}

/// <summary>Which side of a search a text is on; decides prompt and priority.</summary>
public enum InputKind
{
    /// <summary>A stored text, title and text joined: gets the document prompt.</summary>
    Document,
    /// <summary>A question: gets the query prompt and goes before documents.</summary>
    Query,
    /// <summary>As it is, with the priority of a query.</summary>
    Raw,
}

/// <summary>A model as callers need to know it.</summary>
public sealed record EncoderDescription
{
    /// <summary>Name that requests use.</summary>
    public required string Model { get; init; }
    /// <summary>The space that its document vectors live in.</summary>
    public required VectorSpace Space { get; init; }
    /// <summary>Put before a text of kind Query.</summary>
    public required string QueryPrompt { get; init; }
    /// <summary>Special tokens that the tokenizer adds to a text.</summary>
    public required int SpecialTokens { get; init; }
    /// <summary>Execution provider and why it was taken.</summary>
    public required string Provider { get; init; }
}

/// <summary>Texts to encode.</summary>
/// <param name="Texts">At least one.</param>
/// <param name="Kind">Side of the search.</param>
/// <param name="Model">Null: the first model.</param>
/// <param name="Truncate">Cut at the model's limit; false: a longer text is an error.</param>
public sealed record EmbedRequest(IReadOnlyList<string> Texts, InputKind Kind = InputKind.Raw, string? Model = null, bool Truncate = true)
{
    /// <summary>
    /// Null: a vector a text. Else for each text the parts of it that get a vector, pooled from the tokens of that part alone after all have seen the whole text (late chunking, arXiv 2409.04701);
    /// the vectors of all texts' parts follow each other. What the prompt and the tokenizer put before a text belongs to a part that begins at 0, what is put behind it to one that ends with it.
    /// Only for models that pool by the mean; a text that is too long is refused.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<TextSpan>>? Spans { get; init; }
}

/// <summary>A part of a text in UTF-16 indexes.</summary>
/// <param name="Start">Of its first.</param>
/// <param name="End">After its last.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>Vectors in request order.</summary>
/// <param name="Space">Id of the space.</param>
/// <param name="Vectors">One a text; each of the space's dimensions.</param>
/// <param name="Tokens">Tokens read of each text, special tokens included.</param>
public sealed record EmbedResult(string Space, IReadOnlyList<float[]> Vectors, IReadOnlyList<int> Tokens);

/// <summary>Token vectors in request order.</summary>
public sealed record EmbedTokensResult(string Space, IReadOnlyList<TokenVectors> Texts);

/// <summary>The token vectors of one text.</summary>
/// <param name="Dimensions">Numbers a token.</param>
/// <param name="Values">Row-major, one row a token.</param>
/// <param name="Starts">UTF-16 index of each token's first character in the text.</param>
/// <param name="Ends">Index after its last.</param>
public sealed record TokenVectors(int Dimensions, float[] Values, int[] Starts, int[] Ends);

/// <summary>A query and the texts whose tokens are compared with its own. A text is cut at the model's limit.</summary>
public sealed record MatchRequest(string Query, IReadOnlyList<string> Texts, string? Model = null);

/// <summary>Token matches in request order.</summary>
public sealed record MatchResult(string Space, IReadOnlyList<TokenMatches> Texts);

/// <summary>How the tokens of a text meet the query's.</summary>
/// <param name="QueryTokens">Cosines a text token.</param>
/// <param name="Cosines">Row-major, one row a text token.</param>
/// <param name="Starts">UTF-16 index of each token's first character in the text.</param>
/// <param name="Ends">Index after its last.</param>
public sealed record TokenMatches(int QueryTokens, float[] Cosines, int[] Starts, int[] Ends);

/// <summary>A query and the texts to compare with it.</summary>
public sealed record ScoreRequest(string Query, IReadOnlyList<string> Texts, string? Model = null);

/// <summary>One score a text, in request order.</summary>
public sealed record ScoreResult(string Space, IReadOnlyList<float> Scores);
