namespace Retrieval.Contracts;

/// <summary>Passages to a context within a token budget. Two implementations: the Compression role in this process, and <see cref="HttpCompressor"/>.</summary>
public interface ICompressor
{
    /// <summary>Whole sentences, the most relevant first, until the budget is full; printed passage by passage in original order.</summary>
    Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken);
}

/// <summary>What to compress.</summary>
/// <param name="Query">Relevance is to this.</param>
/// <param name="Passages">Best first.</param>
/// <param name="MaxTokens">Budget over the whole text, markers included.</param>
/// <param name="Model">Encoder whose tokenizer counts and whose vectors rank; null: the first.</param>
public sealed record CompressRequest(string Query, IReadOnlyList<string> Passages, int MaxTokens, string? Model = null);

/// <summary>The context and the spans it was made of.</summary>
/// <param name="Text">Span n stands behind the marker <c>[n]</c>, n counted from 1.</param>
/// <param name="Tokens">Tokens of the text, never above the budget.</param>
/// <param name="Kept">In order of appearance.</param>
public sealed record CompressResult(string Text, int Tokens, IReadOnlyList<KeptSpan> Kept);

/// <summary>A part of a passage that was kept, in UTF-16 indexes of that passage.</summary>
public sealed record KeptSpan(int Passage, int Start, int End);
