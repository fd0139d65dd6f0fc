using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Contracts;
using Retrieval.Onnx;
using Retrieval.Tokenization;

namespace Retrieval.Encoder;

/// <summary>The settings that a model is tried with: attention temperatures, and on a causal decoder the prompts of Token Prepending with the method and without.</summary>
public sealed class TuningSweep
{
    /// <summary>The upgrade of the model as it is.</summary>
    internal const string Nothing = "{}";

    private const int DeepestShare = 32, AuthorsExit = 7;

    // Length-Induced Embedding Collapse (arXiv 2410.24200) has no grid; papers.md A5 recommends this one.
    private static readonly double[] Temperatures = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5];

    // Of Token Prepending (arXiv 2412.11556), word for word; the placeholder is the token behind the colon.
    private static readonly (string Name, string Before, string After)[] Prompts =
    [
        ("one word", "This sentence : ", "\"{text}\" means in one word:\""),
        ("step by step", "After thinking step by step , this sentence : ", "\"{text}\" means in one word:\""),
        ("knowledge", "The essence of a sentence is often captured by its main subjects and actions, while descriptive terms provide additional but less central details. With this in mind , this sentence : ", "\"{text}\" means in one word:\""),
    ];

    private TuningSweep(IReadOnlyList<(string, string)> settings, IReadOnlyList<string> refused) => (Settings, Refused) = (settings, refused);

    /// <summary>Names, and the fields of retrieval.json; the model as it is first.</summary>
    internal IReadOnlyList<(string Name, string Upgrade)> Settings { get; }

    /// <summary>What is not tried, and why.</summary>
    internal IReadOnlyList<string> Refused { get; }

    /// <summary>How many are tried, the model as it is included.</summary>
    public int Count => Settings.Count;

    /// <summary>Looks at a model.</summary>
    /// <param name="model">Its folder.</param>
    /// <param name="placeholder">Added token of its tokenizer whose state is overwritten; null: the first one that it does not put around every text.</param>
    /// <exception cref="RetrievalException">Invalid: the folder has no model that is understood, or the placeholder is none.</exception>
    public static TuningSweep Of(string model, string? placeholder)
    {
        List<(string, string)> settings = [("as it is", Nothing), .. Temperatures.Select(t => (FormattableString.Invariant($"temperature {t}"), FormattableString.Invariant($$"""{"passes":[{"pass":"tempScale","temperature":{{t}}}]}""")))];
        try
        {
            ModelFolder folder = ModelFolder.Read(RetrievalFile.Read(model).Model);
            TransformerGraph graph = TransformerGraph.Analyze(OnnxModel.Read(folder.Graph));
            if (new TokenPrepending().Refusal(graph) is { } reason)
            {
                return new TuningSweep(settings, [$"Token Prepending: {reason}"]);
            }
            Tokenizer tokenizer = Tokenizer.Load(folder.Tokenizer);
            string? token = placeholder is null ? Free(folder.Tokenizer, tokenizer) : Placeholder.Of(placeholder, tokenizer, folder.Tokenizer).Token;
            return token is null ? new TuningSweep(settings, ["Token Prepending: tokenizer.json has no added token that could be the placeholder; name one of its tokens with --placeholder"])
                : new TuningSweep([.. settings, .. Prompts.SelectMany(p => OfPrompt(p, token, graph.Layers.Count))], []);
        }
        catch (Exception e) when (e is ModelFormatException or OnnxFormatException or TokenizerFormatException)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "--model", model, inner: e);
        }
    }

    /// <summary>The prompt alone, since much of the gain is its own; the authors' default of all layers; and their share of layers for large models, 7 of 32.</summary>
    private static IEnumerable<(string, string)> OfPrompt((string Name, string Before, string After) prompt, string token, int layers)
    {
        yield return ($"prompt '{prompt.Name}'", Upgrade(prompt.Before + prompt.After));
        foreach (int exit in ((int[])[Math.Max(TokenPrepending.DefaultStart + 1, (layers * AuthorsExit + DeepestShare / 2) / DeepestShare), TokenPrepending.DefaultExit]).Distinct())
        {
            string range = exit == TokenPrepending.DefaultExit ? "all layers" : $"layers up to {exit}";
            yield return ($"prompt '{prompt.Name}', Token Prepending, {range}", Upgrade($"{prompt.Before}{token} {prompt.After}",
                new JsonObject { ["pass"] = "tokenPrepending", ["start"] = TokenPrepending.DefaultStart, ["exit"] = exit, ["placeholder"] = token }));
        }
    }

    private static string Upgrade(string template, params JsonObject[] passes)
    {
        JsonObject json = new() { ["template"] = template };
        if (passes.Length > 0)
        {
            json["passes"] = new JsonArray([.. passes]);
        }
        return json.ToJsonString();
    }

    /// <summary>An added token that stands around no text: its state tells nothing that would be lost.</summary>
    private static string? Free(string file, Tokenizer tokenizer)
    {
        int[] around = tokenizer.Encode("", true, null).Ids;
        JsonElement json = ModelFolder.ReadJson(file);
        return !json.TryGetProperty("added_tokens", out JsonElement added) || added.ValueKind != JsonValueKind.Array ? null
            : added.EnumerateArray().Select(t => t.GetProperty("content").GetString()!).FirstOrDefault(t => tokenizer.Encode(t, false, null).Ids is [var id] && tokenizer.TokenToId(t) == id && !around.Contains(id));
    }
}
