using System.Globalization;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>What a graph takes and gives: token inputs of shape (texts, tokens), a decoder's caches, and an output of shape (texts, tokens, width), or (texts, width) where it pools.</summary>
/// <param name="Output">Name of the token states, or of the vectors.</param>
/// <param name="Width">Numbers a state.</param>
/// <param name="Caches">Inputs that are fed empty.</param>
internal sealed record GraphPorts(string Output, int Width, IReadOnlyList<EmptyCache> Caches)
{
    /// <summary>The output has a row a text, of a head or of pooling in the graph, instead of one a token.</summary>
    public bool PerText { get; private init; }

    private const int Float32 = 1, Float16 = 10, BFloat16 = 16, Int64 = 7;
    private const string Positions = ModelInputs.Positions, Cache = "past_key_values", TextVector = "sentence_embedding";
    private static readonly string[] Tokens = [ModelInputs.Ids, ModelInputs.Mask, ModelInputs.Types, Positions];
    private static readonly string[] UsualOutputs = ["last_hidden_state", "token_embeddings", "hidden_states"];

    // Their tables of positions begin behind the pad's row. They count for themselves unless the export made positions an input; what is fed then would
    // have to begin there too.
    private static readonly string[] CountFromPad = ["roberta", "camembert", "mpnet", "data2vec-text", "ibert", "longformer", "xmod", "esm"];

    /// <summary>Reads them, and refuses a graph that wants anything else.</summary>
    /// <exception cref="ModelFormatException">Which input or output, what is known, the way out.</exception>
    public static GraphPorts Of(ModelFolder folder, IReadOnlyList<OnnxValue> inputs, IReadOnlyList<OnnxValue> outputs, IReadOnlyList<UpgradePass> passes)
    {
        List<EmptyCache> caches = [];
        bool isPrepended = passes.Any(p => p.Placeholder is not null);
        foreach (OnnxValue input in inputs.Where(i => !isPrepended || i.Name != ModelInputs.Placeholder))
        {
            if (input.Name.StartsWith(Cache + ".", StringComparison.Ordinal))
            {
                caches.Add(CacheOf(folder, input));
            }
            else
            {
                RequireTokens(folder, input);
            }
        }
        bool isEmbedder = folder.Kind == ModelKind.Embedding, pools = passes.Any(p => p.PoolsText);
        OnnxValue states = !isEmbedder ? HeadOutput(folder, outputs) : pools ? outputs.First(o => o.Name == TextVector) : States(folder, outputs);
        (int? configured, string field) = isEmbedder ? (folder.HiddenSize, "hidden_size") : (folder.OutputWidth, "vocab_size");
        int width = int.TryParse(states.Shape[^1], out int declared) ? declared
            : configured ?? throw new ModelFormatException(folder.Graph, $"does not say how wide its output '{states.Name}' is, and config.json has no {field}.");
        return new GraphPorts(states.Name, width, caches) { PerText = !isEmbedder || pools };
    }

    private static void RequireTokens(ModelFolder folder, OnnxValue input)
    {
        if (!Tokens.Contains(input.Name) || input.ElementType != Int64 || input.Shape.Count is not (0 or 2))
        {
            throw new ModelFormatException(folder.Graph, $"wants input {Told(input)}; {string.Join(", ", Tokens)} of element type {Int64} (int64) and shape (texts, tokens) are fed, and an empty {Cache}. Export the model with these inputs alone.");
        }
        if (input.Name == ModelInputs.Positions && folder.ModelType is { } type && CountFromPad.Any(t => type.Contains(t, StringComparison.Ordinal)))
        {
            throw new ModelFormatException(folder.Graph, $"wants {ModelInputs.Positions}, but models of type '{type}' number them from behind their pad id, and 0, 1, 2 are fed. Export it without {ModelInputs.Positions}: it then counts for itself.");
        }
    }

    /// <summary>Heads and their width are the graph's, or config.json's where the graph only names those axes, as onnxruntime-genai's builder does.</summary>
    private static EmptyCache CacheOf(ModelFolder folder, OnnxValue cache)
    {
        if (cache.ElementType is not (Float32 or Float16) || cache.Shape.Count != 4 || Size(cache.Shape[0]) is not null || Size(cache.Shape[2]) is not null)
        {
            throw new ModelFormatException(folder.Graph, $"wants input {Told(cache)}; a cache is fed empty, as float (1) or float16 (10) of shape (texts, heads, 0, head width). Export the model without past keys.");
        }
        return (Size(cache.Shape[1]) ?? folder.KeyHeads, Size(cache.Shape[3]) ?? folder.HeadWidth) is ({ } heads, { } width) ? new EmptyCache(cache.Name, cache.ElementType == Float16, heads, width)
            : throw new ModelFormatException(folder.Graph, $"wants input {Told(cache)}, and config.json does not say its heads and their width. Add num_key_value_heads and head_dim there, or export the model without past keys.");
    }

    /// <summary>The output by its usual name, or the only one of its shape.</summary>
    private static OnnxValue States(ModelFolder folder, IReadOnlyList<OnnxValue> outputs)
    {
        // Logits have the shape of states, but are scores of words.
        OnnxValue[] states = [.. outputs.Where(o => o.ElementType is Float32 or Float16 or BFloat16 && o.Shape.Count is 3 && o.Name != "logits")];
        return UsualOutputs.Select(name => Array.Find(states, s => s.Name == name)).FirstOrDefault(s => s is not null) ?? (states.Length == 1 ? states[0] : throw new ModelFormatException(folder.Graph,
            $"has no float output of token states; its outputs are {string.Join(", ", outputs.Select(o => $"{o.Name}({string.Join(',', o.Shape)}{(o.ElementType == Float16 ? " float16" : "")})"))}. Export the model with last_hidden_state as output."));
    }

    /// <summary>Weights of the vocabulary, which VocabularyPass has put on, or scores.</summary>
    private static OnnxValue HeadOutput(ModelFolder folder, IReadOnlyList<OnnxValue> outputs)
    {
        string name = folder.Kind == ModelKind.Sparse ? VocabularyPass.Weights : HeadFolder.Logits;
        return outputs.FirstOrDefault(o => o.Name == name && o.ElementType == Float32 && o.Shape.Count == 2)
            ?? throw new ModelFormatException(folder.Graph, $"has no float32 output '{name}' with a row a text, nor has its compiled graph. Export the model again.");
    }

    /// <summary>Null for an axis without a size of its own: named, or left unsaid, which reads as 0.</summary>
    private static int? Size(string axis) => int.TryParse(axis, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size > 0 ? size : null;

    private static string Told(OnnxValue input) => $"'{input.Name}' of element type {input.ElementType} and shape ({string.Join(", ", input.Shape)})";
}
