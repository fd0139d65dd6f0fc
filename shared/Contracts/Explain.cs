namespace Retrieval.Contracts;

/// <summary>What is to be explained: a text or a sparse vector.</summary>
/// <param name="Input">A text, encoded first.</param>
/// <param name="Vector">A vector of the model.</param>
/// <param name="Model">A sparse model; null: the first.</param>
/// <param name="Top">Words, at most.</param>
public sealed record ExplainRequest(string? Input = null, SparseVector? Vector = null, string? Model = null, int Top = 10);

/// <summary>The words of a vector.</summary>
/// <param name="Model">Whose vocabulary they are of.</param>
/// <param name="Words">Heaviest first.</param>
public sealed record ExplainResult(string Model, IReadOnlyList<WeighedWord> Words);

/// <summary>A word of a vocabulary with its weight.</summary>
public sealed record WeighedWord(int Id, string Word, float Weight);
