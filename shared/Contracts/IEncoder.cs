namespace Retrieval.Contracts;

/// <summary>
/// Texts to vectors. Two implementations: the Encoder role in this process, and <see cref="HttpEncoder"/>; Host chooses.
/// A null model means the first that is served and does what is asked for; a model of another kind is refused with what it is for.
/// </summary>
public interface IEncoder
{
    /// <summary>Every served model, in the order of the settings.</summary>
    Task<IReadOnlyList<EncoderDescription>> ListAsync(CancellationToken cancellationToken);

    /// <summary>What a model is: its space, limits, prompts and tokenizer.</summary>
    Task<EncoderDescription> DescribeAsync(string? model, CancellationToken cancellationToken);

    /// <summary>One vector a text, in the order of the request.</summary>
    Task<EmbedResult> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>One unit vector a token of each text, special tokens left out; or the states themselves, see <see cref="EmbedRequest.States"/>.</summary>
    Task<EmbedTokensResult> EmbedTokensAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>Cosine of each token of the query with each token of each text: what late interaction is made of, so that a caller can score any span of a text.</summary>
    Task<MatchResult> MatchAsync(MatchRequest request, CancellationToken cancellationToken);

    /// <summary>Each text as weights of the vocabulary, by a model with a masked-language-model head.</summary>
    Task<EmbedSparseResult> EmbedSparseAsync(EmbedRequest request, CancellationToken cancellationToken);

    /// <summary>Relevance of each text to the query, larger is better: by a cross-encoder where one is served or named, else by late interaction (ColBERT's MaxSim, mean over the query's tokens).</summary>
    Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken);

    /// <summary>Scores of a classifier's labels for each text or pair.</summary>
    Task<ClassifyResult> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken);
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
    /// <summary>What it makes of a text.</summary>
    public ModelKind Kind { get; init; }
    /// <summary>The space that its document vectors live in; of a model without vectors, what its scores depend on.</summary>
    public required VectorSpace Space { get; init; }
    /// <summary>Names of its labels; empty unless it scores.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
    /// <summary>Names of its prompts.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];
    /// <summary>Prompt that is meant where a request names neither a prompt nor a side.</summary>
    public string? DefaultPrompt { get; init; }
    /// <summary>Lengths of prefixes that were trained to stand alone (Matryoshka); empty: none, or any where <see cref="AnyPrefix"/>.</summary>
    public IReadOnlyList<int> Prefixes { get; init; } = [];
    /// <summary>Any prefix was trained to stand alone.</summary>
    public bool AnyPrefix { get; init; }
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
public sealed record EmbedRequest(IReadOnlyList<string> Texts, InputKind Kind = InputKind.Raw, string? Model = null, bool Truncate = true, string? Tier = null)
{
    /// <summary>
    /// Null: a vector a text. Else for each text the parts of it that get a vector, pooled from the tokens of that part alone after all have seen the whole text (late chunking, arXiv 2409.04701);
    /// the vectors of all texts' parts follow each other. What the prompt and the tokenizer put before a text belongs to a part that begins at 0, what is put behind it to one that ends with it.
    /// Only for models that pool by the mean; a text that is too long is refused.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<TextSpan>>? Spans { get; init; }

    /// <summary>Token ids of the model's own vocabulary in place of texts, which are then none.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Ids { get; init; }

    /// <summary>First numbers of a vector that are kept; refused for a model that was not trained for it. Null: all.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Name of one of the model's prompts, in place of its kind's.</summary>
    public string? PromptName { get; init; }

    /// <summary>Put before each text, in place of the model's prompt.</summary>
    public string? Prompt { get; init; }

    /// <summary>In place of the task in a prompt of the form "Instruct: task", line break, rest.</summary>
    public string? Instruction { get; init; }

    /// <summary>Cut at the beginning instead of the end.</summary>
    public bool CutStart { get; init; }

    /// <summary>Unit length whatever the model does (true), or never (false); null: as the model does.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Token vectors: the states of all tokens as the model gives them, special ones included.</summary>
    public bool States { get; init; }

    /// <summary>Token vectors: this many neighbours become one, their mean at unit length; null: none.</summary>
    public int? Pool { get; init; }

    /// <summary>Sparse vectors: the heaviest that are kept; null: all above 0.</summary>
    public int? Top { get; init; }
}

/// <summary>A part of a text in UTF-16 indexes.</summary>
/// <param name="Start">Of its first.</param>
/// <param name="End">After its last.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>Vectors in request order.</summary>
/// <param name="Space">Id of the space.</param>
/// <param name="Vectors">One a text; each of the space's dimensions, or of the tier's.</param>
/// <param name="Tokens">Tokens read of each text, special tokens included.</param>
/// <param name="Tier">Tier that answered; null for texts at full depth that no tier was asked for.</param>
public sealed record EmbedResult(string Space, IReadOnlyList<float[]> Vectors, IReadOnlyList<int> Tokens, string? Tier = null);

/// <summary>Token vectors in request order.</summary>
/// <param name="Space">Id of the space.</param>
/// <param name="Texts">One a text.</param>
/// <param name="Tokens">Tokens read of each text, special tokens included.</param>
public sealed record EmbedTokensResult(string Space, IReadOnlyList<TokenVectors> Texts, IReadOnlyList<int> Tokens);

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

