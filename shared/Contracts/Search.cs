using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Contracts;

/// <summary>Which channels answer a search.</summary>
[JsonConverter(typeof(WireWord<SearchMode>))]
public enum SearchMode
{
    /// <summary>Both, fused.</summary>
    [JsonStringEnumMemberName("hybrid")] Hybrid,
    /// <summary>By meaning: cosine of the vectors.</summary>
    [JsonStringEnumMemberName("dense")] Dense,
    /// <summary>By words: bm25.</summary>
    [JsonStringEnumMemberName("lexical")] Lexical,
}

// Defaults are those of constructor parameters: the generated serialiser forgets the initialisers of init-only properties.

/// <summary>Body of <c>POST /v1/collections/{c}/search</c>.</summary>
/// <param name="Query">The question.</param>
/// <param name="Top">Hits wanted.</param>
/// <param name="Mode">Channels; hybrid by default.</param>
/// <param name="Filter">Only chunks of documents that pass.</param>
/// <param name="Context">Also answer with a cited context.</param>
/// <param name="Tier">Tier of the encoder that encodes the query; left out, load decides among those admitted.</param>
public sealed record SearchRequest(string? Query = null, int Top = 10, SearchMode Mode = SearchMode.Hybrid, Filter? Filter = null, ContextRequest? Context = null, string? Tier = null);

/// <summary>The context that is wanted.</summary>
/// <param name="MaxTokens">Never exceeded; counted over the whole context text, markers included.</param>
/// <param name="Tokenizer">Whose tokens are counted: a name of Compression:Tokenizers or a served model; null: the encoder's.</param>
/// <param name="Protect">Words that pruning keeps and no fragment cuts.</param>
/// <param name="Prune">Leave out words of little meaning inside the sentences; null: only where it pays.</param>
public sealed record ContextRequest(int MaxTokens = 200, string? Tokenizer = null, IReadOnlyList<string>? Protect = null, bool? Prune = null);

/// <summary>One passage found.</summary>
public sealed record Hit
{
    /// <summary>Document id.</summary>
    public required string Document { get; init; }
    /// <summary>Chunk id.</summary>
    public required Guid Chunk { get; init; }
    /// <summary>Cosine (dense), bm25 (lexical) or the fused score (hybrid); comparable within one answer only.</summary>
    public required double Score { get; init; }
    /// <summary>Title of the document.</summary>
    public string? Title { get; init; }
    /// <summary>Text of the chunk.</summary>
    public required string Text { get; init; }
    /// <summary>First UTF-16 index in the document's text.</summary>
    public required int Start { get; init; }
    /// <summary>Index after the last.</summary>
    public required int End { get; init; }
    /// <summary>Metadata of the document.</summary>
    public Dictionary<string, JsonElement>? Metadata { get; init; }
    /// <summary>Headings above the chunk, outermost first.</summary>
    public IReadOnlyList<string>? Headings { get; init; }
    /// <summary>Page on which the chunk begins, from 1, in documents that have pages.</summary>
    public int? Page { get; init; }
}

/// <summary>A text that fits the budget and says where each part comes from.</summary>
/// <param name="Text"><c>[n]</c> stands before the words of citation n.</param>
/// <param name="Tokens">Tokens of <paramref name="Text"/>, never above the budget.</param>
/// <param name="Citations">In order of appearance.</param>
/// <param name="Ratio">Tokens of the text by tokens of the hits.</param>
/// <param name="Rungs">What was tried, in order, and what each left.</param>
/// <param name="Skipped">Why nothing was compressed; null when it was.</param>
/// <param name="Partial">What could not be looked at or did not fit as a sentence; null when nothing.</param>
public sealed record ContextAnswer(string Text, int Tokens, IReadOnlyList<Citation> Citations, double Ratio = 1, IReadOnlyList<Rung>? Rungs = null, string? Skipped = null, string? Partial = null);

/// <summary>Where a part of the context comes from: the words after <c>[n]</c> are the document's text from start to end, unless words in it were pruned.</summary>
public sealed record Citation(int N, string Document, Guid Chunk, int Start, int End, bool Fragment = false);

/// <summary>Answer of a search.</summary>
public sealed record SearchResponse
{
    /// <summary>Best first.</summary>
    public required IReadOnlyList<Hit> Hits { get; init; }
    /// <summary>When it was asked for.</summary>
    public ContextAnswer? Context { get; init; }
    /// <summary>Vector space that was searched.</summary>
    public required string Space { get; init; }
    /// <summary>Tier that encoded the query; left out where only words were searched.</summary>
    public string? Tier { get; init; }
    /// <summary>Time inside the server, in milliseconds.</summary>
    public required double TookMs { get; init; }
}
