using System.ComponentModel.DataAnnotations;

namespace Retrieval.Encoder;

/// <summary>Section <c>Encoder</c>.</summary>
public sealed class EncoderOptions
{
    /// <summary>Models to serve; the first is the default of every request and new collection. Default: the all-MiniLM-L6-v2 that comes with the program.</summary>
    public IReadOnlyList<ModelOptions> Models { get; init; } = [];

    /// <summary>auto, cpu or cuda; auto takes CUDA when its provider loads. Default auto.</summary>
    [AllowedValues("auto", "cpu", "cuda", ErrorMessage = "must be auto, cpu or cuda")]
    public string Provider { get; init; } = "auto";

    /// <summary>Batches that run at once, each on one thread; 0 takes one for each processor. Default 0.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Tokens of one batch, padding included; a longer text is a batch of its own. Larger batches fill a GPU, smaller ones answer queries sooner; on a CPU nothing is won beyond a few hundred. Default 512.</summary>
    [Range(1, 1_000_000)]
    public int BatchTokens { get; init; } = 512;

    /// <summary>Tokens that may wait for a model, for each of its tiers that has one of its own; beyond it queries go to the next tier that load may choose, and when all are full, requests get 429. Default 262,144.</summary>
    [Range(1, 100_000_000)]
    public int QueueTokens { get; init; } = 262_144;

    /// <summary>Tokens of waiting queries for each of which load goes one tier down; 0: never by them. Only models whose retrieval.json lists tiers have a choice. Default 4,096, which is a second of waiting on a small CPU.</summary>
    [Range(0, 100_000_000)]
    public int ShedTokens { get; init; } = 4_096;

    /// <summary>Seconds that the oldest query has waited for each of which load goes one tier down; 0: never by them. Default 0.5.</summary>
    [Range(0.0, 3_600.0)]
    public double ShedSeconds { get; init; } = 0.5;

    /// <summary>Resident memory of all tiers that are cut from one model over that of its full depth, up to which they are opened at the start; beyond it, and always at 0, each is opened when it is first asked for, and the log says so. Default 1.2.</summary>
    [Range(0.0, 1_000.0)]
    public double TierMemory { get; init; } = 1.2;

    /// <summary>Texts of one request; more are refused. Default 2,048.</summary>
    [Range(1, 100_000)]
    public int MaxTexts { get; init; } = 2_048;

    /// <summary>Folder of compiled graphs, for models whose retrieval.json asks for passes. Default: <c>retrieval/compiled</c> in the user's local application data. It may be deleted at any time; the next start compiles again.</summary>
    [Required, MinLength(1)]
    public string CompiledFolder { get; init; } = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "retrieval", "compiled");

    internal int ThreadCount => Threads > 0 ? Threads : Environment.ProcessorCount;
}

/// <summary>One entry of <c>Encoder:Models</c>.</summary>
public sealed class ModelOptions
{
    /// <summary>A sentence-transformers folder: an ONNX file, tokenizer.json and its module files; beside them, retrieval.json may ask for an upgrade or name another model for queries.</summary>
    [Required, MinLength(1)]
    public string Path { get; init; } = "";

    /// <summary>Name in requests; default: the folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Tokens after which a text is cut, special tokens included; default: what the folder says. Part of the vector space.</summary>
    [Range(3, 1_000_000)]
    public int? MaxTokens { get; init; }
}
