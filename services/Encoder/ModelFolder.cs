using System.Text.Json;
using Retrieval.Contracts;

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
    /// <summary>Dense modules in order.</summary>
    public required IReadOnlyList<DenseLayer> Dense { get; init; }
    /// <summary>The vector is scaled to unit length.</summary>
    public required bool Normalize { get; init; }
    /// <summary>Tokens that the model reads, special ones included.</summary>
    public required int MaxTokens { get; init; }
    /// <summary>hidden_size of config.json.</summary>
    public required int? HiddenSize { get; init; }
    /// <summary>Put before a query.</summary>
    public required string QueryPrompt { get; init; }
    /// <summary>Put before a document.</summary>
    public required string DocumentPrompt { get; init; }

    /// <summary>Reads a folder.</summary>
    /// <exception cref="ModelFormatException">A file is missing, damaged or asks for what is not computed.</exception>
    public static ModelFolder Read(string path)
    {
        string folder = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "is not a folder. Name a sentence-transformers folder with an ONNX file and tokenizer.json.");
        }
        string tokenizer = System.IO.Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(tokenizer))
        {
            throw new ModelFormatException(tokenizer, "is missing. Fetch it from the model's repository.");
        }
        (List<(string Type, string Folder)> modules, string modulesFile) = Modules(folder);
        JsonElement prompts = Optional(folder, "config_sentence_transformers.json", "prompts");
        return new ModelFolder
        {
            Path = folder,
            Graph = FindGraph(folder),
            Tokenizer = tokenizer,
            PoolingMode = modules.Find(m => m.Type == "Pooling") is { Folder: { } pooling } ? Mode(System.IO.Path.Combine(folder, pooling, "config.json")) : throw new ModelFormatException(modulesFile, "names no Pooling module."),
            Dense = [.. modules.Where(m => m.Type == "Dense").Select(m => DenseLayer.Load(System.IO.Path.Combine(folder, m.Folder)))],
            Normalize = modules.Exists(m => m.Type == "Normalize"),
            MaxTokens = Limit(folder),
            HiddenSize = Optional(folder, "config.json", "hidden_size") is { ValueKind: JsonValueKind.Number } size ? size.GetInt32() : null,
            QueryPrompt = Prompt(prompts, "query"),
            DocumentPrompt = Prompt(prompts, "document", "passage"),
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

    private static (List<(string Type, string Folder)>, string File) Modules(string folder)
    {
        string file = System.IO.Path.Combine(folder, "modules.json");
        if (!File.Exists(file))
        {
            throw new ModelFormatException(file, "is missing: it says how the states are pooled. Fetch it with the folders that it names.");
        }
        JsonElement list = ReadJson(file);
        List<(string Type, string Folder)> modules = [];
        foreach (JsonElement module in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : throw new ModelFormatException(file, "is not a list of modules. Fetch it again."))
        {
            string type = Text(module, "type", file).Split('.')[^1];
            if (type is not ("Transformer" or "Pooling" or "Dense" or "Normalize"))
            {
                throw new ModelFormatException(file, $"names module '{Text(module, "type", file)}'; Transformer, Pooling, Dense and Normalize are computed.");
            }
            modules.Add((type, Text(module, "path", file)));
        }
        return (modules, file);
    }

    private static string Text(JsonElement json, string field, string file) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String
        ? value.GetString()! : throw new ModelFormatException(file, $"has an entry without a string '{field}'. Fetch it again.");

    private static string Mode(string file)
    {
        JsonElement config = ReadJson(file);
        string[] on = config.ValueKind != JsonValueKind.Object ? [] : [.. Pooling.Modes.Where(m => config.TryGetProperty($"pooling_mode_{m.Value}", out JsonElement value) && value.ValueKind == JsonValueKind.True).Select(m => m.Key)];
        return on.Length == 1 ? on[0] : throw new ModelFormatException(file, $"turns {on.Length} pooling modes on; exactly one is computed: {string.Join(", ", Pooling.Modes.Keys)}.");
    }

    private static int Limit(string folder)
    {
        int recipe = Optional(folder, "sentence_bert_config.json", "max_seq_length") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : int.MaxValue;
        int positions = Optional(folder, "config.json", "max_position_embeddings") is { ValueKind: JsonValueKind.Number } table ? table.GetInt32() : 512;
        return Math.Min(recipe, positions);
    }

    private static JsonElement Optional(string folder, string file, string field)
    {
        string path = System.IO.Path.Combine(folder, file);
        return File.Exists(path) && ReadJson(path) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(field, out JsonElement value) ? value : default;
    }

    private static string Prompt(JsonElement prompts, params string[] names) =>
        prompts.ValueKind == JsonValueKind.Object ? names.Select(n => prompts.TryGetProperty(n, out JsonElement prompt) && prompt.ValueKind == JsonValueKind.String ? prompt.GetString() : null).FirstOrDefault(p => p is not null) ?? "" : "";

    /// <summary>The space's template: prompt, then title and text.</summary>
    public string DocumentTemplate => DocumentPrompt + VectorSpace.TitleAndText;
}
