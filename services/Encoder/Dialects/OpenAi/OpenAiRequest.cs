using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>Body of /v1/embeddings.</summary>
internal sealed record OpenAiRequest
{
    /// <summary>A text, texts, token ids of the model, or lists of such.</summary>
    public Inputs? Input { get; init; }
    /// <summary>A served model; none: the first that gives vectors.</summary>
    public string? Model { get; init; }
    /// <summary>float (default) or base64.</summary>
    public string? EncodingFormat { get; init; }
    /// <summary>First numbers that are kept.</summary>
    public int? Dimensions { get; init; }
    /// <summary>Ours: query or document.</summary>
    public string? InputType { get; init; }
    /// <summary>Ours: the same in other words, or the name of a prompt.</summary>
    public string? Task { get; init; }
    /// <summary>Ours: one of the model's prompts.</summary>
    public string? PromptName { get; init; }
    /// <summary>Ours: words before each text.</summary>
    public string? Prompt { get; init; }
    /// <summary>Ours: the task in an instruction prompt.</summary>
    public string? Instruction { get; init; }
    /// <summary>Ours: cut a text that is over the limit instead of refusing it.</summary>
    public bool? Truncate { get; init; }
}

/// <summary>Answer of /v1/embeddings.</summary>
internal sealed record OpenAiList(string Object, IReadOnlyList<OpenAiEmbedding> Data, string Model, OpenAiUsage Usage);

/// <summary>A vector, as numbers or base64.</summary>
internal sealed record OpenAiEmbedding(string Object, int Index, OpenAiVector Embedding);

/// <summary>Tokens read.</summary>
internal sealed record OpenAiUsage(int PromptTokens, int TotalTokens);

/// <summary>Answer of /v1/models.</summary>
internal sealed record OpenAiModels(string Object, IReadOnlyList<OpenAiModel> Data);

/// <summary>A served model; kind, dimensions, max_tokens and space are ours.</summary>
internal sealed record OpenAiModel(string Id, string Object, long Created, string OwnedBy, string Kind, int Dimensions, int MaxTokens, string Space);

/// <summary>An error.</summary>
internal sealed record OpenAiErrorBody(OpenAiError Error);

/// <summary>What went wrong.</summary>
internal sealed record OpenAiError(string Message, string Type, string? Param, string? Code);

/// <summary>JSON of OpenAI's API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpenAiRequest))]
[JsonSerializable(typeof(OpenAiList))]
[JsonSerializable(typeof(OpenAiModels))]
[JsonSerializable(typeof(OpenAiModel))]
[JsonSerializable(typeof(OpenAiErrorBody))]
internal sealed partial class OpenAiJson : JsonSerializerContext;
