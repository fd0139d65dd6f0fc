using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>Body of /v2/embed.</summary>
internal sealed record CohereEmbed
{
    /// <summary>A served model.</summary>
    public string? Model { get; init; }
    /// <summary>search_document, search_query, classification or clustering.</summary>
    public string? InputType { get; init; }
    /// <summary>Texts.</summary>
    public IReadOnlyList<string>? Texts { get; init; }
    /// <summary>The same as contents of type text.</summary>
    public IReadOnlyList<CohereInput>? Inputs { get; init; }
    /// <summary>Not computed.</summary>
    public IReadOnlyList<string>? Images { get; init; }
    /// <summary>float (default), int8, uint8, binary, ubinary, base64.</summary>
    public IReadOnlyList<string>? EmbeddingTypes { get; init; }
    /// <summary>First numbers that are kept.</summary>
    public int? OutputDimension { get; init; }
    /// <summary>END (default), START or NONE.</summary>
    public string? Truncate { get; init; }
}

/// <summary>An input of several parts.</summary>
internal sealed record CohereInput(IReadOnlyList<CohereContent>? Content);

/// <summary>A part; text is read.</summary>
internal sealed record CohereContent(string? Type, string? Text);

/// <summary>Answer of /v2/embed.</summary>
internal sealed record CohereEmbeddings(string Id, CohereByType Embeddings, IReadOnlyList<string> Texts, CohereMeta Meta, string ResponseType);

/// <summary>The vectors in each form that was asked for.</summary>
internal sealed record CohereByType
{
    /// <summary>Numbers.</summary>
    public float[][]? Float { get; init; }
    /// <summary>Whole numbers from -127.</summary>
    public int[][]? Int8 { get; init; }
    /// <summary>The same from 1.</summary>
    public int[][]? Uint8 { get; init; }
    /// <summary>Signs, eight a number, less 128.</summary>
    public int[][]? Binary { get; init; }
    /// <summary>Signs, eight a number.</summary>
    public int[][]? Ubinary { get; init; }
    /// <summary>float32, little-endian.</summary>
    public string[]? Base64 { get; init; }
}

/// <summary>Version and tokens.</summary>
internal sealed record CohereMeta(CohereVersion ApiVersion, CohereUnits BilledUnits);

/// <summary>Of the API.</summary>
internal sealed record CohereVersion(string Version);

/// <summary>What was read.</summary>
internal sealed record CohereUnits(int? InputTokens = null, int? SearchUnits = null);

/// <summary>Body of /v2/rerank and /v1/rerank.</summary>
internal sealed record CohereRerank
{
    /// <summary>A served model; none: a cross-encoder if one is served, else late interaction.</summary>
    public string? Model { get; init; }
    /// <summary>The question.</summary>
    public string? Query { get; init; }
    /// <summary>Texts, or objects with a text.</summary>
    public IReadOnlyList<JsonElement>? Documents { get; init; }
    /// <summary>Best that come back; none: all.</summary>
    public int? TopN { get; init; }
    /// <summary>/v1: documents come back.</summary>
    public bool? ReturnDocuments { get; init; }
    /// <summary>Ours: late interaction over so many neighbouring tokens as one.</summary>
    public int? Pool { get; init; }
}

/// <summary>Answer of /v2/rerank; model and usage are Jina's, in /v1/rerank.</summary>
internal sealed record CohereRanking(string Id, string? Model, JinaUsage? Usage, IReadOnlyList<CohereRank> Results, CohereMeta Meta);

/// <summary>Tokens read.</summary>
internal sealed record JinaUsage(int TotalTokens, int PromptTokens);

/// <summary>A document in its place.</summary>
internal sealed record CohereRank(int Index, float RelevanceScore, CohereDocument? Document);

/// <summary>A document's text.</summary>
internal sealed record CohereDocument(string Text);

/// <summary>JSON of Cohere's API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CohereEmbed))]
[JsonSerializable(typeof(CohereEmbeddings))]
[JsonSerializable(typeof(CohereRerank))]
[JsonSerializable(typeof(CohereRanking))]
[JsonSerializable(typeof(CohereError))]
internal sealed partial class CohereJson : JsonSerializerContext;
