using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// What a sentence-transformers folder says: where its files are, how states become a vector, prompts and limits.
/// Its own files win over tokenizer.json's truncation and padding, which published files often carry with values that contradict their model.
/// </summary>
internal sealed record ModelFolder
{
    /// <summary>The folder.</summary>
    public required string Path { get; init; }
    /// <summary>The ONNX file.</summary>
    public required string Graph { get; init; }
    /// <summary>tokenizer.json.</summary>
    public required string Tokenizer { get; init; }
    /// <summary>One of <see cref="Pooling.Modes"/>.</summary>
    public required string PoolingMode { get; init; }
    /// <summary>What follows pooling, in order.</summary>
    public required IReadOnlyList<IVectorStep> Steps { get; init; }
    /// <summary>Tokens that the model reads, special ones included.</summary>
    public required int MaxTokens { get; init; }
    /// <summary>hidden_size of config.json.</summary>
    public required int? HiddenSize { get; init; }
    /// <summary>Heads of keys and values by config.json: num_key_value_heads, or as many as attention has.</summary>
    public int? KeyHeads { get; init; }
    /// <summary>Numbers of a key by config.json: head_dim, or the hidden size shared among the heads.</summary>
    public int? HeadWidth { get; init; }
    /// <summary>model_type of config.json.</summary>
    public string? ModelType { get; init; }
    /// <summary>What its graph ends in.</summary>
    public ModelKind Kind { get; init; }
    /// <summary>Names of the scores of a model with a head for them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
    /// <summary>Numbers a text of a model with a head, where the folder says.</summary>
    public int? OutputWidth { get; init; }
    /// <summary>Prompts by name.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>();
    /// <summary>Name of the prompt that is meant when neither a prompt nor a side is named.</summary>
    public string? DefaultPrompt { get; init; }
    /// <summary>Lengths of prefixes that stand alone, or any.</summary>
    public (IReadOnlyList<int> Lengths, bool Any) Prefixes { get; init; } = ([], false);
    /// <summary>Put before a query.</summary>
    public required string QueryPrompt { get; init; }
    /// <summary>Put before a document.</summary>
    public required string DocumentPrompt { get; init; }

    /// <summary>Around every text, in place of the prompts; null: as the prompts say.</summary>
    public TextTemplate? Template { get; init; }

    /// <summary>What stands around a text of a kind.</summary>
    public TextTemplate TemplateOf(InputKind kind) => kind switch
    {
        InputKind.Query => Template ?? TextTemplate.Prompt(QueryPrompt),
        InputKind.Document => Template ?? TextTemplate.Prompt(DocumentPrompt),
        _ => TextTemplate.None,
    };

    /// <summary>Which tokens of a prompt are left out when the others are pooled.</summary>
    public InstructionMask Instruction { get; init; }

    /// <summary>The folder's other half, where it is a router: the model of its queries.</summary>
    public ModelFolder? Queries { get; init; }

    /// <summary>Reads a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="graph">ONNX file in it; null: the usual one.</param>
    /// <exception cref="ModelFormatException">A file is missing, damaged or asks for what is not computed.</exception>
    public static ModelFolder Read(string path, string? graph = null)
    {
        string folder = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "is not a folder. Name a sentence-transformers folder with an ONNX file and tokenizer.json.");
        }
        if (HeadFolder.Find(folder, graph) is { } head)
        {
            return head;
        }
        ModuleList modules = ModuleList.Read(folder);
        TokenizerConfig prompts = TokenizerConfig.Read(folder);
        ModelFolder documents = Of(modules.Documents, modules.File, prompts, graph);
        return modules.Queries is null ? documents : documents with { Queries = Of(modules.Queries, modules.File, prompts, graph) };
    }

    private static ModelFolder Of(IReadOnlyList<Module> modules, string modulesFile, TokenizerConfig prompts, string? graph)
    {
        string folder = modules.FirstOrDefault(m => m.Type == "Transformer")?.Folder ?? throw new ModelFormatException(modulesFile, "names no Transformer module.");
        return new ModelFolder
        {
            Path = folder,
            Graph = GraphOf(folder, graph),
            Tokenizer = FindTokenizer(folder),
            PoolingMode = modules.FirstOrDefault(m => m.Type == "Pooling") is { } pooling ? Mode(System.IO.Path.Combine(pooling.Folder, "config.json")) : throw new ModelFormatException(modulesFile, "names no Pooling module."),
            Steps = [.. modules.Where(m => m.Type is "Dense" or "Normalize").Select(m => m.Type == "Dense" ? DenseLayer.Load(m.Folder) : (IVectorStep)UnitLength.Instance)],
            MaxTokens = Limit(folder),
            HiddenSize = Configured(folder, "hidden_size"),
            KeyHeads = Configured(folder, "num_key_value_heads") ?? Configured(folder, "num_attention_heads"),
            HeadWidth = Configured(folder, "head_dim") ?? Configured(folder, "hidden_size") / Configured(folder, "num_attention_heads"),
            ModelType = Optional(folder, "config.json", "model_type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null,
            QueryPrompt = prompts.Prompts.GetValueOrDefault("query", ""),
            DocumentPrompt = DocumentPromptOf(prompts.Prompts),
            Prompts = prompts.Prompts,
            DefaultPrompt = prompts.DefaultPrompt,
            Prefixes = File.Exists(System.IO.Path.Combine(folder, "config.json")) ? PrefixLength.Read(ReadJson(System.IO.Path.Combine(folder, "config.json"))) : ([], false),
        };
    }

    /// <summary>A JSON file.</summary>
    public static JsonElement ReadJson(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, $"is not whole JSON (line {e.LineNumber + 1}). Fetch it again.", e);
        }
        catch (IOException e)
        {
            throw new ModelFormatException(file, $"cannot be read: {e.Message}", e);
        }
    }

    internal static string FindGraph(string folder)
    {
        string[] usual = [System.IO.Path.Combine(folder, "onnx", "model.onnx"), System.IO.Path.Combine(folder, "model.onnx")];
        if (Array.Find(usual, File.Exists) is { } found)
        {
            return found;
        }
        string[] others = Directory.GetFiles(folder, "*.onnx", SearchOption.AllDirectories);
        return others.Length switch
        {
            1 => others[0],
            0 => throw new ModelFormatException(usual[0], "is missing: the folder has no ONNX file. Export the model (for example with optimum-cli export onnx) or fetch its onnx folder."),
            _ => throw new ModelFormatException(folder, $"has {others.Length} ONNX files and none is onnx/model.onnx. Keep the one to serve: {string.Join(", ", others.Select(o => System.IO.Path.GetRelativePath(folder, o)))}."),
        };
    }

    internal static string GraphOf(string folder, string? graph) => graph is null ? FindGraph(folder) : Named(folder, graph);

    private static string Named(string folder, string graph) => System.IO.Path.Combine(folder, graph) is var file && File.Exists(file) ? file
        : throw new ModelFormatException(file, $"is not there, but Graph names it; there are {string.Join(", ", Directory.GetFiles(folder, "*.onnx", SearchOption.AllDirectories).Select(o => System.IO.Path.GetRelativePath(folder, o)))}.");

    private static string Mode(string file)
    {
        JsonElement config = ReadJson(file);
        string[] on = config.ValueKind != JsonValueKind.Object ? [] : [.. Pooling.Modes.Where(m => config.TryGetProperty($"pooling_mode_{m.Value}", out JsonElement value) && value.ValueKind == JsonValueKind.True).Select(m => m.Key)];
        return on.Length == 1 ? on[0] : throw new ModelFormatException(file, $"turns {on.Length} pooling modes on; exactly one is computed: {string.Join(", ", Pooling.Modes.Keys)}.");
    }

    internal static int Limit(string folder)
    {
        int recipe = Optional(folder, "sentence_bert_config.json", "max_seq_length") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : int.MaxValue;
        int positions = Optional(folder, "config.json", "max_position_embeddings") is { ValueKind: JsonValueKind.Number } table ? table.GetInt32() : 512;
        return Math.Min(recipe, positions);
    }

    internal static int? Configured(string folder, string field) => Optional(folder, "config.json", field) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int whole) && whole > 0 ? whole : null;

    private static JsonElement Optional(string folder, string file, string field)
    {
        string path = System.IO.Path.Combine(folder, file);
        return File.Exists(path) && ReadJson(path) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(field, out JsonElement value) ? value : default;
    }

    /// <summary>What stands around a text by a prompt's name; null where there is none. For a side it is what its texts get.</summary>
    public TextTemplate? TemplateNamed(string name) => Template is not null && name is "document" or "passage" ? Template
        : Prompts.TryGetValue(name, out string? prompt) ? TextTemplate.Prompt(prompt) : null;

    internal static string DocumentPromptOf(IReadOnlyDictionary<string, string> prompts) => prompts.TryGetValue("document", out string? document) ? document : prompts.GetValueOrDefault("passage", "");

    internal static string FindTokenizer(string folder)
    {
        string tokenizer = System.IO.Path.Combine(folder, "tokenizer.json");
        return File.Exists(tokenizer) ? tokenizer : throw new ModelFormatException(tokenizer, "is missing. Fetch it from the model's repository.");
    }

    /// <summary>The space's template: what stands around title and text.</summary>
    public string DocumentTemplate => TemplateOf(InputKind.Document).OfDocuments;
}
