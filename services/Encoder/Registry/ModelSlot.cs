using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>A name in requests with the model behind it, whether it is loaded or not. The registry's lock guards it.</summary>
internal sealed class ModelSlot(ModelOptions options, bool isDefault)
{
    /// <summary>As configured.</summary>
    public ModelOptions Options => options;

    /// <summary>Name in requests.</summary>
    public string Name { get; } = options.ServedName;

    /// <summary>It answers requests without a name and is never unloaded.</summary>
    public bool IsDefault => isDefault;

    /// <summary>Null while it is not in memory.</summary>
    public LoadedModel? Loaded { get; private set; }

    /// <summary>Kept when it is unloaded, so that its space can be told without loading it.</summary>
    public EncoderDescription? Description { get; private set; }

    /// <summary>Files of the tokenizers by their hash, kept likewise.</summary>
    public IReadOnlyDictionary<string, string> Tokenizers { get; private set; } = new Dictionary<string, string>();

    /// <summary>Bytes of its graphs and weights; null before it was first loaded.</summary>
    public long? Bytes { get; private set; }

    /// <summary>Why it could not be loaded.</summary>
    public Problem? Failure { get; private set; }

    /// <summary>When a request last took it, as a timestamp.</summary>
    public long LastUsed { get; set; }

    /// <summary>It is not to come back.</summary>
    public bool IsRemoved { get; set; }

    public void Put(ServedModel served, long now)
    {
        Loaded = new LoadedModel(served);
        (Description, Bytes, Failure, LastUsed) = (served.Description, served.Bytes, null, now);
        Tokenizers = served.Lanes.Select(l => l.Model).DistinctBy(m => m.Tokenizer.Hash).ToDictionary(m => m.Tokenizer.Hash, m => m.TokenizerFile);
    }

    /// <summary>Takes it out of memory's books; the caller releases it.</summary>
    public LoadedModel? Take()
    {
        LoadedModel? taken = Loaded;
        Loaded = null;
        return taken;
    }

    /// <summary>What is known of it when it is too large for what is free.</summary>
    public void Remember(ServedModel served) => (Description, Bytes) = (served.Description, served.Bytes);

    public void Fail(Problem problem) => Failure = problem;

    public ModelInfo Info() => new()
    {
        Name = Name,
        Path = options.Path,
        State = Loaded is not null ? "loaded" : Failure is not null ? "failed" : "unloaded",
        IsDefault = isDefault,
        Failure = Failure?.ToString(),
        Space = Description?.Space.Id,
        Dimensions = Description?.Space.Dimensions,
        MaxTokens = Description?.Space.MaxTokens,
        Bytes = Bytes,
        Provider = Description?.Provider,
        Runs = Loaded?.Served.Runs,
    };
}
