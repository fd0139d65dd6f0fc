using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>
/// A folder whose graph ends in a head instead of token states: a masked language model (sparse vectors), a cross-encoder or a classifier. The graph's output
/// decides, config.json's architecture says which of two heads of one shape it is.
/// </summary>
internal static class HeadFolder
{
    /// <summary>Name of such an output in an export.</summary>
    public const string Logits = "logits";

    // Modules of a sparse encoder of sentence-transformers; the export holds the first, and what the second computes is VocabularyPass.
    private const string MaskedModel = "MLMTransformer", SparsePooling = "SpladePooling";
    private const int Float32 = 1;

    /// <summary>The folder, or null for one of a sentence-transformers embedder, whose modules.json says how states are pooled.</summary>
    /// <exception cref="ModelFormatException">It has a head that is not computed.</exception>
    public static ModelFolder? Find(string folder, string? file = null)
    {
        string modules = Path.Combine(folder, "modules.json");
        bool sparse = File.Exists(modules) && RequireSparse(modules);
        if (!sparse && (File.Exists(modules) || !File.Exists(Path.Combine(folder, "config.json"))))
        {
            return null;
        }
        string graph = ModelFolder.GraphOf(folder, file);
        return OnnxModelInfo.Read(graph).Outputs.FirstOrDefault(o => o.Name == Logits && o.ElementType == Float32) is { } output ? Read(folder, graph, output)
            : sparse ? throw new ModelFormatException(graph, $"has no float32 output '{Logits}', and {modules} names a sparse encoder. Export it with its masked-language-model head (optimum-cli export onnx --task fill-mask).") : null;
    }

    /// <summary>True for a list of modules that is a sparse encoder's, and one that is computed.</summary>
    private static bool RequireSparse(string file)
    {
        JsonElement list = ModelFolder.ReadJson(file);
        (string Type, string Path)[] named = list.ValueKind != JsonValueKind.Array ? [] : [.. list.EnumerateArray().Where(m => m.ValueKind == JsonValueKind.Object).Select(m => (Word(m, "type").Split('.')[^1], Word(m, "path")))];
        if (!named.Any(m => m.Type is MaskedModel or SparsePooling))
        {
            return false;
        }
        string pooling = Path.Combine(Path.GetDirectoryName(file)!, named.FirstOrDefault(m => m.Type == SparsePooling).Path ?? "", "config.json");
        if (named.Length != 2 || named[0].Type != MaskedModel || named[1].Type != SparsePooling || !File.Exists(pooling))
        {
            throw new ModelFormatException(file, $"names {string.Join(", ", named.Select(m => m.Type))}; of sparse encoders {MaskedModel} with {SparsePooling} is computed.");
        }
        JsonElement config = ModelFolder.ReadJson(pooling);
        (string strategy, string activation) = (Word(config, "pooling_strategy"), Word(config, "activation_function"));
        return strategy is "max" or "" && activation is "relu" or "" ? true
            : throw new ModelFormatException(pooling, $"asks for pooling_strategy '{strategy}' and activation_function '{activation}'; max and relu are computed: the largest log(1 + relu) over the tokens.");
    }

    private static ModelFolder Read(string folder, string graph, OnnxValue output)
    {
        string file = Path.Combine(folder, "config.json");
        JsonElement config = File.Exists(file) ? ModelFolder.ReadJson(file) : default;
        string architecture = Architecture(config);
        string[] labels = output.Shape.Count == 2 ? Labels(config, output) : [];
        TokenizerConfig tokenizer = TokenizerConfig.Read(folder);
        return new ModelFolder
        {
            Path = folder,
            Graph = graph,
            Tokenizer = ModelFolder.FindTokenizer(folder),
            Kind = Kind(graph, architecture, output, labels),
            Labels = labels,
            OutputWidth = output.Shape.Count == 2 ? labels.Length : ModelFolder.Configured(folder, "vocab_size"),
            PoolingMode = output.Shape.Count == 2 ? "scores" : "splade",
            Steps = [],
            MaxTokens = Math.Min(ModelFolder.Limit(folder), tokenizer.MaxLength ?? int.MaxValue),
            HiddenSize = ModelFolder.Configured(folder, "hidden_size"),
            ModelType = Word(config, "model_type") is { Length: > 0 } type ? type : null,
            QueryPrompt = tokenizer.Prompts.GetValueOrDefault("query", ""),
            DocumentPrompt = ModelFolder.DocumentPromptOf(tokenizer.Prompts),
            Prompts = tokenizer.Prompts,
            DefaultPrompt = tokenizer.DefaultPrompt,
        };
    }

    private static ModelKind Kind(string graph, string architecture, OnnxValue output, string[] labels) => (output.Shape.Count, architecture) switch
    {
        (2, _) => labels.Length == 1 ? ModelKind.CrossEncoder : ModelKind.Classifier,
        (3, "") => ModelKind.Sparse,
        (3, _) when architecture.EndsWith("ForMaskedLM", StringComparison.Ordinal) => ModelKind.Sparse,
        _ => throw new ModelFormatException(graph, $"is an export of {(architecture.Length == 0 ? "an unnamed architecture" : architecture)} with '{Logits}' of shape ({string.Join(", ", output.Shape)}); served are masked language models (texts, tokens, vocabulary), and models for sequence classification (texts, labels). Export a causal model with its states (task feature-extraction)."),
    };

    /// <summary>As many names as the graph has scores.</summary>
    private static string[] Labels(JsonElement config, OnnxValue output)
    {
        string[] named = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("id2label", out JsonElement map) && map.ValueKind == JsonValueKind.Object
            ? [.. map.EnumerateObject().OrderBy(l => int.TryParse(l.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : int.MaxValue).Select(l => $"{l.Value}")] : [];
        int? declared = int.TryParse(output.Shape[1], NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width > 0 ? width : null;
        int count = declared ?? (named.Length > 0 ? named.Length : 2); // the library's own default
        return named.Length == count ? named : [.. Enumerable.Range(0, count).Select(i => $"LABEL_{i}")];
    }

    private static string Architecture(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty("architectures", out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 ? $"{list[0]}" : "";

    private static string Word(JsonElement json, string field) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
