namespace Retrieval.Contracts;

/// <summary>Passages to a context within a token budget. Two implementations: the Compression role in this process, and <see cref="HttpCompressor"/>.</summary>
public interface ICompressor
{
    /// <summary>What answers the query best, as whole sentences where they fit and as fragments where not; printed passage by passage in original order.</summary>
    Task<CompressResult> CompressAsync(CompressRequest request, CancellationToken cancellationToken);
}

// Defaults are those of constructor parameters: the generated serialiser forgets the initialisers of init-only properties.

/// <summary>Body of <c>POST /v1/compress</c>.</summary>
/// <param name="Passages">Best first; each a text, or an object with id and text.</param>
/// <param name="MaxTokens">Budget over the whole text, markers included; never exceeded.</param>
/// <param name="Query">Relevance is to this; null: what the passages have in common stays.</param>
/// <param name="Tokenizer">Whose tokens the budget counts: a name of Compression:Tokenizers or a served model; null: the encoder's.</param>
/// <param name="Protect">Words that pruning keeps and no fragment cuts, as they stand in the text.</param>
/// <param name="Model">Encoder that ranks; null: the first.</param>
/// <param name="Prune">Leave out words of little meaning inside the sentences; null: only where it pays (Compression:TokenValueMs).</param>
public sealed record CompressRequest(
    IReadOnlyList<CompressPassage>? Passages = null, int MaxTokens = 0, string? Query = null, string? Tokenizer = null, IReadOnlyList<string>? Protect = null, string? Model = null, bool? Prune = null);

/// <summary>The context and where it was taken from.</summary>
/// <param name="Text">The words of citation n stand behind <c>[n]</c>: its kept spans, joined by a space.</param>
/// <param name="Tokens">Tokens of the text, never above the budget.</param>
/// <param name="Citations">In order of appearance.</param>
/// <param name="Kept">The spans that were kept, in order of appearance; one a citation unless words were pruned.</param>
/// <param name="Rungs">What was tried, in order, and what each left.</param>
/// <param name="Ratio">Tokens of the text by tokens of the passages, both with markers.</param>
/// <param name="Skipped">Why nothing was compressed; null when it was.</param>
/// <param name="Partial">What could not be looked at or did not fit as a sentence; null when nothing.</param>
public sealed record CompressResult(
    string Text, int Tokens, IReadOnlyList<PassageCitation> Citations, IReadOnlyList<KeptSpan> Kept, IReadOnlyList<Rung> Rungs, double Ratio, string? Skipped = null, string? Partial = null);

/// <summary>Where a part of the context comes from, in UTF-16 indexes of its passage.</summary>
/// <param name="N">Its marker, from 1.</param>
/// <param name="Passage">Index of the passage in the request.</param>
/// <param name="Start">First index.</param>
/// <param name="End">Index after the last.</param>
/// <param name="Id">The passage's id, where it was sent with one.</param>
/// <param name="Fragment">Part of a sentence that was too long for the budget.</param>
public sealed record PassageCitation(int N, int Passage, int Start, int End, string? Id = null, bool Fragment = false);

/// <summary>A part of a passage that was kept, in UTF-16 indexes of that passage.</summary>
/// <param name="Passage">Index of the passage in the request.</param>
/// <param name="Start">First index.</param>
/// <param name="End">Index after the last.</param>
/// <param name="Citation">The citation that it belongs to.</param>
public sealed record KeptSpan(int Passage, int Start, int End, int Citation);

/// <summary>One way of shortening.</summary>
/// <param name="Name">passages, duplicates, sentences or words.</param>
/// <param name="TokensIn">Tokens before, markers included.</param>
/// <param name="TokensOut">Tokens after.</param>
/// <param name="Ms">Its time.</param>
/// <param name="Skipped">Why it was not tried; null when it was.</param>
public sealed record Rung(string Name, int TokensIn, int TokensOut, double Ms, string? Skipped = null);
