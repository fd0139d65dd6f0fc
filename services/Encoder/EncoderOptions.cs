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

    /// <summary>Batches that run at once; 0: what the first start measured (<see cref="Calibrate"/>), or one for each processor. Which processors these are is left to the system's own means (taskset, a container's cpus). Default 0.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Threads inside the runs, beside those of <see cref="Threads"/>; 0: what was measured, or 1 where Threads is set, which means none. Default 0.</summary>
    [Range(0, 1024)]
    public int RunThreads { get; init; }

    /// <summary>Measures once per model, processor and version which Threads and RunThreads give most tokens a second, about a second, and keeps the answer in <see cref="CompiledFolder"/>. Only where both are 0. Default true.</summary>
    public bool Calibrate { get; init; } = true;

    /// <summary>Tokens of one batch, padding included; a longer text is a batch of its own. Smaller batches answer queries sooner; on a CPU nothing is won beyond a few hundred. 0: 512 on a CPU, 16,384 on a GPU. Default 0.</summary>
    [Range(0, 1_000_000)]
    public int BatchTokens { get; init; }

    /// <summary>Seconds that a text may wait for a batch; then it is dropped without being computed and its request gets 429. Default 60.</summary>
    [Range(0.001, 86_400)]
    public double QueueSeconds { get; init; } = 60;

    /// <summary>Seconds after which a run that has not come back is taken for dead: all requests fail, readiness goes red and the process ends. Default 300.</summary>
    [Range(0.1, 86_400)]
    public double RunSeconds { get; init; } = 300;

    /// <summary>Bytes of recent vectors that are kept, so that a text that comes again is not computed again; 0: none. Default 67,108,864, room for about 39,000 vectors of 384 numbers.</summary>
    [Range(0, long.MaxValue)]
    public long CacheBytes { get; init; } = 64 << 20;

    /// <summary>Bytes that the graphs and weights of loaded models may have together, counted as files; over it, models that were not used for longest are unloaded until they are asked for. 0: no limit. Default 0.</summary>
    [Range(0, long.MaxValue)]
    public long ModelBytes { get; init; }

    /// <summary>Folder below which models may be added over HTTP (POST /v1/admin/models). Default: none, and nothing can be added.</summary>
    public string? ModelsFolder { get; init; }

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

    /// <summary>Bytes of a request's body. Default 32 MiB.</summary>
    [Range(1, 1L << 30)]
    public long MaxBodyBytes { get; init; } = 32L << 20;

    /// <summary>Folder of compiled graphs, for models whose retrieval.json asks for passes. Default: <c>retrieval/compiled</c> in the user's local application data. It may be deleted at any time; the next start compiles again.</summary>
    [Required, MinLength(1)]
    public string CompiledFolder { get; init; } = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "retrieval", "compiled");

    internal int Runs => Threads > 0 ? Threads : Environment.ProcessorCount;

    internal BatchLimits Limits(bool isGpu) => new(QueueTokens, BatchTokens > 0 ? BatchTokens : isGpu ? 16_384 : 512, TimeSpan.FromSeconds(QueueSeconds)) { Slack = isGpu ? 0.5 : 0.125 };
}

/// <summary>One entry of <c>Encoder:Models</c>.</summary>
public sealed class ModelOptions
{
    internal const int LeastTokens = 3;

    /// <summary>A sentence-transformers folder: an ONNX file, tokenizer.json and its module files; beside them, retrieval.json may ask for an upgrade or name another model for queries.</summary>
    [Required, MinLength(1)]
    public string Path { get; init; } = "";

    /// <summary>Name in requests; default: the folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Tokens after which a text is cut, special tokens included; default: what the folder says. Part of the vector space.</summary>
    [Range(LeastTokens, 1_000_000)]
    public int? MaxTokens { get; init; }

    /// <summary>Which ONNX file of the folder, for example <c>onnx/model_fp16.onnx</c>; default: onnx/model.onnx, or the only one. Another file is another vector space.</summary>
    public string? Graph { get; init; }

    internal string ServedName => Name ?? System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path)));
}
