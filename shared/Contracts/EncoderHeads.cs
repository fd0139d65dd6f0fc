namespace Retrieval.Contracts;

/// <summary>What a model makes of a text; recognised from its folder.</summary>
public enum ModelKind
{
    /// <summary>A vector, and one a token.</summary>
    Embedding,
    /// <summary>Weights of its vocabulary.</summary>
    Sparse,
    /// <summary>One score for a pair of texts.</summary>
    CrossEncoder,
    /// <summary>A score for each of its labels.</summary>
    Classifier,
}

/// <summary>A vector of which few numbers are not 0.</summary>
/// <param name="Indices">Places of those numbers, ascending: token ids of the model.</param>
/// <param name="Values">The numbers.</param>
public sealed record SparseVector(IReadOnlyList<int> Indices, IReadOnlyList<float> Values);

/// <summary>Sparse vectors in request order.</summary>
/// <param name="Space">Id of the space.</param>
/// <param name="Vectors">One a text.</param>
/// <param name="Tokens">Tokens read of each text, special tokens included.</param>
public sealed record EmbedSparseResult(string Space, IReadOnlyList<SparseVector> Vectors, IReadOnlyList<int> Tokens);

/// <summary>A query and the texts to compare with it.</summary>
/// <param name="Query">The question.</param>
/// <param name="Texts">At least one.</param>
/// <param name="Model">Null: the first cross-encoder, else the first embedding model.</param>
/// <param name="Truncate">Cut at the model's limit; false: what is longer is an error.</param>
public sealed record ScoreRequest(string Query, IReadOnlyList<string> Texts, string? Model = null, bool Truncate = true)
{
    /// <summary>A cross-encoder's logit instead of its sigmoid.</summary>
    public bool Raw { get; init; }

    /// <summary>Cut at the beginning instead of the end.</summary>
    public bool CutStart { get; init; }

    /// <summary>Late interaction: this many neighbouring tokens of a text become one vector; null: all are compared.</summary>
    public int? Pool { get; init; }
}

/// <summary>One score a text, in request order.</summary>
/// <param name="Space">Id of what the scores depend on.</param>
/// <param name="Scores">Larger is better.</param>
/// <param name="Tokens">Tokens read for each text: of the pair, or of the text alone where query and text are encoded apart.</param>
public sealed record ScoreResult(string Space, IReadOnlyList<float> Scores, IReadOnlyList<int> Tokens);

/// <summary>A text, or two that are read together.</summary>
public sealed record TextPair(string Text, string? Second = null);

/// <summary>Texts to classify.</summary>
/// <param name="Texts">At least one.</param>
/// <param name="Model">Null: the first that classifies.</param>
/// <param name="Raw">Logits instead of probabilities.</param>
/// <param name="Truncate">Cut at the model's limit; false: a longer text is an error.</param>
public sealed record ClassifyRequest(IReadOnlyList<TextPair> Texts, string? Model = null, bool Raw = false, bool Truncate = true)
{
    /// <summary>Cut at the beginning instead of the end.</summary>
    public bool CutStart { get; init; }
}

/// <summary>Scores in request order.</summary>
/// <param name="Space">Id of what the scores depend on.</param>
/// <param name="Labels">Names, in the order of the scores.</param>
/// <param name="Scores">One a label for each text: softmax, or sigmoid where there is one label.</param>
/// <param name="Tokens">Tokens read of each text.</param>
public sealed record ClassifyResult(string Space, IReadOnlyList<string> Labels, IReadOnlyList<float[]> Scores, IReadOnlyList<int> Tokens);
