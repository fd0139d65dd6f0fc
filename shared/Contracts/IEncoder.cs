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
    /// <summary>Tiers that may encode its queries, the default first; null or one: there is no choice.</summary>
    public IReadOnlyList<TierDescription>? Tiers { get; init; }
}

/// <summary>A query variant that is admitted to a model's space. Documents always take the full depth.</summary>
/// <param name="Name">Name that requests use.</param>
/// <param name="Dimensions">Numbers of its vectors. Fewer than the space's: a prefix, which is compared with prefixes alone, so that a collection of the space refuses it.</param>
/// <param name="IsByLoad">Whether load may choose it, each further one later than the one before.</param>
/// <param name="Layer">Layer after which it leaves the model; null: the last.</param>
/// <param name="Cosine">Mean cosine to the full depth's vector of the same text; null: it has the same weights and was not measured.</param>
/// <param name="RecallKept">Share of the full depth's ten nearest texts that it finds.</param>
public sealed record TierDescription(string Name, int Dimensions, bool IsByLoad, int? Layer = null, double? Cosine = null, double? RecallKept = null);

/// <summary>Texts to encode.</summary>
/// <param name="Texts">At least one.</param>
/// <param name="Kind">Side of the search.</param>
/// <param name="Model">Null: the first model.</param>
/// <param name="Truncate">Cut at the model's limit; false: a longer text is an error.</param>
/// <param name="Tier">Name of a tier, for texts that are no documents; null: queries by load, other texts at full depth.</param>
public sealed record EmbedRequest(IReadOnlyList<string> Texts, InputKind Kind = InputKind.Raw, string? Model = null, bool Truncate = true, string? Tier = null);

/// <summary>Vectors in request order.</summary>
/// <param name="Space">Id of the space.</param>
/// <param name="Vectors">One a text; each of the space's dimensions, or of the tier's.</param>
/// <param name="Tokens">Tokens read of each text, special tokens included.</param>
/// <param name="Tier">Tier that answered; null for texts at full depth that no tier was asked for.</param>
public sealed record EmbedResult(string Space, IReadOnlyList<float[]> Vectors, IReadOnlyList<int> Tokens, string? Tier = null);

/// <summary>Token vectors in request order.</summary>
public sealed record EmbedTokensResult(string Space, IReadOnlyList<TokenVectors> Texts);

/// <summary>The token vectors of one text.</summary>
/// <param name="Dimensions">Numbers a token.</param>
/// <param name="Values">Row-major, one row a token.</param>
/// <param name="Starts">UTF-16 index of each token's first character in the text.</param>
/// <param name="Ends">Index after its last.</param>
public sealed record TokenVectors(int Dimensions, float[] Values, int[] Starts, int[] Ends);

/// <summary>A query and the texts to compare with it.</summary>
public sealed record ScoreRequest(string Query, IReadOnlyList<string> Texts, string? Model = null);

/// <summary>One score a text, in request order.</summary>
public sealed record ScoreResult(string Space, IReadOnlyList<float> Scores);
