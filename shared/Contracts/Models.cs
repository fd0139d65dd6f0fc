namespace Retrieval.Contracts;

/// <summary>A model to serve from now on.</summary>
/// <param name="Path">Its folder, below Encoder:ModelsFolder of the server.</param>
/// <param name="Name">Name in requests; null: the folder's name.</param>
/// <param name="MaxTokens">Tokens after which a text is cut; null: what the folder says.</param>
public sealed record ModelInput(string Path, string? Name = null, int? MaxTokens = null);

/// <summary>A model of the encoder, for who operates it. What is known only once it was loaded is missing before.</summary>
public sealed record ModelInfo
{
    /// <summary>Name in requests.</summary>
    public required string Name { get; init; }
    /// <summary>Its folder on the server.</summary>
    public required string Path { get; init; }
    /// <summary>loaded, unloaded (the next request loads it) or failed.</summary>
    public required string State { get; init; }
    /// <summary>It answers requests that name no model, and stays loaded.</summary>
    public required bool IsDefault { get; init; }
    /// <summary>Why it could not be loaded.</summary>
    public string? Failure { get; init; }
    /// <summary>Id of the space of its vectors.</summary>
    public string? Space { get; init; }
    /// <summary>Numbers of a vector.</summary>
    public int? Dimensions { get; init; }
    /// <summary>Tokens after which a text is cut.</summary>
    public int? MaxTokens { get; init; }
    /// <summary>Bytes of its graphs and weights.</summary>
    public long? Bytes { get; init; }
    /// <summary>Execution provider and why it was taken.</summary>
    public string? Provider { get; init; }
    /// <summary>Batches that run at once, threads of each, and where that comes from.</summary>
    public string? Runs { get; init; }
}

/// <summary>The models of the encoder.</summary>
/// <param name="Models">The default first.</param>
/// <param name="Bytes">Of those that are loaded.</param>
/// <param name="BytesLimit">Encoder:ModelBytes; null: none.</param>
public sealed record ModelList(IReadOnlyList<ModelInfo> Models, long Bytes, long? BytesLimit = null);
