using System.Security.Cryptography;
using System.Text.Json;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>A pass of retrieval.json with its parameters.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Key">Everything that decides what the pass does: its JSON, and the hash of a file of weights.</param>
/// <param name="Apply">Model in, model out.</param>
internal sealed record UpgradePass(string Name, string Key, Func<OnnxModel, ModelFolder, OnnxModel> Apply)
{
    private const string ExitName = "exit", Int8Name = "int8", PrependingName = "tokenPrepending", PoolingName = "multiLayerPooling";
    private const int SafeWeightBits = 7;

    // The states of a last token and of a mean are what the authors pool a layer by.
    private static readonly Dictionary<string, PoolingMode> LayerModes = new() { ["mean"] = PoolingMode.Mean, ["lasttoken"] = PoolingMode.LastToken };

    private static readonly Dictionary<string, Func<StrictObject, string, (string More, Func<OnnxModel, ModelFolder, OnnxModel> Apply)>> Known = new(StringComparer.Ordinal)
    {
        ["tempScale"] = TempScale,
        [ExitName] = Exit,
        ["layerMix"] = LayerMix,
        ["bidirectional"] = (_, _) => ("", (model, _) => new Bidirectional().Apply(model)),
        [PrependingName] = TokenPrepending,
        ["latentAttention"] = LatentAttention,
        [PoolingName] = MultiLayerPooling,
        [Int8Name] = Int8,
    };

    /// <summary>Names that may be asked for.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>Layer whose states are the output from now on, from 1; null: the last.</summary>
    public int? Layer { get; private init; }

    /// <summary>Weights of a dense layer that was trained for the exit, in place of the folder's own.</summary>
    public string? Dense { get; private init; }

    /// <summary>Token whose state is overwritten (Token Prepending), as it stands in the template.</summary>
    public string? Placeholder { get; private init; }

    /// <summary>Gives a vector of the text instead of its tokens' states.</summary>
    public bool PoolsText => Name == PoolingName;

    /// <summary>Quantises, which has to come last.</summary>
    public bool IsInt8 => Name == Int8Name;

    public static UpgradePass Read(StrictObject json, string folder)
    {
        string name = json.Required(json.Text("pass"), "pass");
        if (!Known.TryGetValue(name, out Func<StrictObject, string, (string, Func<OnnxModel, ModelFolder, OnnxModel>)>? read))
        {
            throw json.Wrong("pass", $"is '{name}'; there are {string.Join(", ", Names)}");
        }
        (string more, Func<OnnxModel, ModelFolder, OnnxModel> apply) = read(json, folder);
        json.End();
        UpgradePass pass = new(name, JsonSerializer.Serialize(json.Json) + more, apply);
        return name switch
        {
            ExitName => pass with { Layer = json.Whole("layer", 1, 10_000), Dense = json.Text("dense") is { } dense ? Path.Combine(folder, dense) : null },
            PrependingName => pass with { Placeholder = json.Text("placeholder") },
            _ => pass,
        };
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) TempScale(StrictObject json, string folder)
    {
        double temperature = json.Required(json.Number("temperature", 0.01, 100), "temperature");
        TempScale pass = new(temperature, json.Wholes("layers", 0));
        return ("", (model, _) => pass.Apply(model));
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) Exit(StrictObject json, string folder)
    {
        Exit pass = new(json.Required(json.Whole("layer", 1, 10_000), "layer"), json.Flag("normed") ?? false);
        return (json.Text("dense") is { } dense ? HashOf(Path.Combine(folder, dense)) : "", (model, _) => pass.Apply(model));
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) LayerMix(StrictObject json, string folder)
    {
        KeyValuePair<int, double>[] weights = [.. json.Objects("layers").Select(l =>
        {
            KeyValuePair<int, double> one = new(l.Required(l.Whole("layer", 0, 10_000), "layer"), l.Required(l.Number("weight", -1000, 1000), "weight"));
            l.End();
            return one;
        })];
        return ("", (model, _) => new LayerMix(weights).Apply(model));
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) TokenPrepending(StrictObject json, string folder)
    {
        TokenPrepending pass = new(json.Whole("start", 0, 10_000) ?? Onnx.TokenPrepending.DefaultStart, json.Whole("exit", 0, 10_000) ?? Onnx.TokenPrepending.DefaultExit);
        json.Required(json.Text("placeholder"), "placeholder");
        return ("", (model, _) => pass.Apply(model));
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) MultiLayerPooling(StrictObject json, string folder)
    {
        string path = Path.Combine(folder, json.Required(json.Text("weights"), "weights")), prefix = json.Text("prefix") ?? "", table = json.Text("table") ?? "pos_emb.weight"; // as the authors call it
        int heads = json.Required(json.Whole("heads", 1, 4096), "heads");
        PoolingMode mode = json.Required(json.Choice("mode", LayerModes), "mode");
        return (HashOf(path), (model, _) =>
        {
            WeightFile weights = WeightFile.Open(path);
            return new MultiLayerPooling(mode, CrossAttentionWeights.Read(weights, prefix, heads), weights.Require(prefix + table, -1, -1)).Apply(model);
        });
    }

    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) LatentAttention(StrictObject json, string folder)
    {
        string path = Path.Combine(folder, json.Required(json.Text("weights"), "weights")), prefix = json.Text("prefix") ?? "";
        int heads = json.Required(json.Whole("heads", 1, 4096), "heads");
        bool folded = json.Flag("folded") ?? true;
        return (HashOf(path), (model, _) => LatentAttentionPass.Apply(model, CrossAttentionWeights.Read(WeightFile.Open(path), prefix, heads), folded));
    }

    /// <summary>Weights of 7 bits are exact on every processor, so that the vectors are the same everywhere; 8 are closer where products don't saturate.</summary>
    private static (string, Func<OnnxModel, ModelFolder, OnnxModel>) Int8(StrictObject json, string folder)
    {
        string? texts = json.Text("texts") is { } file ? Path.Combine(folder, file) : null;
        int bits = json.Whole("weightBits", SafeWeightBits, 8) ?? SafeWeightBits;
        return (texts is null ? "" : HashOf(texts), (model, own) => Int8Compilation.Compile(model, Tokenization.Tokenizer.Load(own.Tokenizer),
            texts is null ? [] : [.. File.ReadLines(texts).Where(t => !string.IsNullOrWhiteSpace(t))], own.MaxTokens, bits, CancellationToken.None));
    }

    /// <summary>SHA-256 of a file.</summary>
    internal static string HashOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (IOException e)
        {
            throw new ModelFormatException(path, $"cannot be read: {e.Message}", e);
        }
    }
}
