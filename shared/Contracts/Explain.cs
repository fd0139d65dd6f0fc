namespace Retrieval.Contracts;

/// <summary>What is to be explained: a text or a sparse vector.</summary>
public sealed record ExplainRequest
{
    /// <summary>A text, encoded first.</summary>
    public string? Input { get; init; }
    /// <summary>A vector of the model.</summary>
    public SparseVector? Vector { get; init; }
    /// <summary>A sparse model; null: the first.</summary>
    public string? Model { get; init; }
    /// <summary>Words, at most.</summary>
    public int Top { get; init; } = 10;
}

/// <summary>The words of a vector.</summary>
/// <param name="Model">Whose vocabulary they are of.</param>
/// <param name="Words">Heaviest first.</param>
public sealed record ExplainResult(string Model, IReadOnlyList<WeighedWord> Words);

/// <summary>A word of a vocabulary with its weight.</summary>
public sealed record WeighedWord(int Id, string Word, float Weight);
