using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Encoder;

/// <summary>What Qdrant posts to its inference service.</summary>
internal sealed record QdrantRequest
{
    /// <summary>What to encode.</summary>
    public IReadOnlyList<QdrantInput>? Inputs { get; init; }
    /// <summary>update or search.</summary>
    public string? Inference { get; init; }
}

/// <summary>A text with its model.</summary>
internal sealed record QdrantInput
{
    /// <summary>The text.</summary>
    public JsonElement Data { get; init; }
    /// <summary>text; image and object are not computed.</summary>
    public string? DataType { get; init; }
    /// <summary>A served model; empty: the first.</summary>
    public string? Model { get; init; }
    /// <summary>What the client wrote; unknown ones are passed over.</summary>
    public JsonElement Options { get; init; }
}

/// <summary>Options that are understood.</summary>
internal sealed record QdrantOptions
{
    /// <summary>First numbers that are kept.</summary>
    public int? Dimensions { get; init; }
    /// <summary>Cut a text over the limit; true by default.</summary>
    public bool? Truncate { get; init; }
    /// <summary>A side other than that of the operation.</summary>
    public string? InputType { get; init; }
    /// <summary>One of the model's prompts.</summary>
    public string? PromptName { get; init; }
    /// <summary>Words before the text.</summary>
    public string? Prompt { get; init; }
    /// <summary>The task in an instruction prompt.</summary>
    public string? Instruction { get; init; }
    /// <summary>A vector for each token instead of one.</summary>
    public bool? Multivector { get; init; }
    /// <summary>So many neighbouring tokens become one.</summary>
    public int? Pool { get; init; }
    /// <summary>Heaviest of a sparse vector that are kept.</summary>
    public int? Top { get; init; }
}

/// <summary>Vectors in the order of the inputs.</summary>
internal sealed record QdrantResponse(IReadOnlyList<QdrantVector> Embeddings, QdrantUsage Usage);

/// <summary>Tokens by model.</summary>
internal sealed record QdrantUsage(IReadOnlyDictionary<string, QdrantTokens> Models);

/// <summary>Tokens read.</summary>
internal sealed record QdrantTokens(int Tokens);

/// <summary>JSON of Qdrant's inference.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(QdrantRequest))]
[JsonSerializable(typeof(QdrantOptions))]
[JsonSerializable(typeof(QdrantResponse))]
[JsonSerializable(typeof(QdrantError))]
internal sealed partial class QdrantJson : JsonSerializerContext;
