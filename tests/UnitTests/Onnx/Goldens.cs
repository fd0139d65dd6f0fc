using System.Text.Json;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>The reference outputs of shared/golden: cases, forms of each model, inputs, tolerances.</summary>
internal sealed class Goldens
{
    private readonly string _folder = Shared.Require("golden");
    private readonly JsonElement _manifest;
    private readonly Dictionary<string, Npz> _arrays = [];

    public Goldens() => _manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "manifest.json"))).RootElement;

    /// <summary>Weights of the heads.</summary>
    public WeightFile Heads => WeightFile.Open(Path.Combine(_folder, "heads", "heads.npz"));

    /// <summary>Cases of a technique.</summary>
    public IEnumerable<GoldenCase> Cases(string technique) =>
        _manifest.GetProperty("cases").EnumerateArray().Where(c => c.GetProperty("technique").GetString() == technique).Select(c => new GoldenCase(this, c));

    /// <summary>Export forms of a model.</summary>
    public IEnumerable<GoldenForm> Forms(string model) =>
        _manifest.GetProperty("models").GetProperty(model).GetProperty("forms").EnumerateObject().Select(f => new GoldenForm(model, f.Name, Path.Combine(_folder, model, f.Name), f.Value));

    public bool IsDecoder(string model) => _manifest.GetProperty("models").GetProperty(model).GetProperty("decoder").GetBoolean();

    public Npz Arrays(string model) => _arrays.TryGetValue(model, out Npz? known) ? known : _arrays[model] = Npz.Read(Path.Combine(_folder, model, "cases.npz"));
}

/// <summary>One file of one set of weights.</summary>
internal sealed record GoldenForm(string Model, string Name, string Path, JsonElement Json)
{
    /// <summary>int8, q4 and fp16: compared by their own tolerance.</summary>
    public bool IsLossy => Json.GetProperty("lossy").GetBoolean();

    public double Tolerance => Json.GetProperty("atol").GetDouble();

    /// <summary>Its attention takes lengths for a mask: left padding cannot be expressed.</summary>
    public bool RightOnly => Name is "ortopt.onnx" or "genai-gqa.onnx";

    public bool IsGrouped => Name is "genai-gqa.onnx";

    public override string ToString() => $"{Model}/{Name}";
}

/// <summary>Inputs and expected outputs.</summary>
internal sealed record GoldenCase(Goldens Goldens, JsonElement Json)
{
    public string Id => Json.GetProperty("id").GetString()!;

    public string Model => Json.GetProperty("model").GetString()!;

    public double Tolerance => Json.GetProperty("atol").GetDouble();

    public JsonElement Params => Json.GetProperty("params");

    public IEnumerable<string> Expected => Json.GetProperty("expected").EnumerateObject().Select(e => e.Name);

    private Npz Arrays => Goldens.Arrays(Model);

    public float[] Floats(string key) => Arrays.Floats(key);

    /// <summary>The batch, and the left-padded one with the same expected outputs where there is one.</summary>
    public IEnumerable<(string Name, Feed Feed)> Feeds()
    {
        yield return ("", FeedOf(Json.GetProperty("inputs")));
        if (Json.TryGetProperty("same_expected_for", out JsonElement same))
        {
            foreach (JsonProperty other in same.EnumerateObject())
            {
                yield return (other.Name, FeedOf(other.Value));
            }
        }
    }

    /// <summary>What is allowed for a form: its own tolerance where it is lossy.</summary>
    /// <param name="form">The form.</param>
    /// <param name="scale">How much larger than a token's error an error may be.</param>
    public double Allowed(GoldenForm form, double scale = 1) => form.IsLossy ? form.Tolerance * scale : Tolerance;

    private Feed FeedOf(JsonElement inputs)
    {
        long[] Longs(string name) => Arrays.Longs(inputs.GetProperty(name).GetString()!);
        return new Feed((int)Arrays.Shape(inputs.GetProperty("input_ids").GetString()!)[0], Longs("input_ids"), Longs("attention_mask"), inputs.TryGetProperty("token_type_ids", out _) ? Longs("token_type_ids") : null);
    }
}

/// <summary>Comparisons that say where they failed.</summary>
internal static class Near
{
    public static double Largest(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        actual.Length.ShouldBe(expected.Length);
        double largest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double difference = Math.Abs((double)actual[i] - expected[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }
        return largest;
    }

    /// <summary>Rows of a text's own tokens, in order.</summary>
    public static float[] Tokens(float[] states, Feed feed)
    {
        int width = states.Length / feed.Ids.Length;
        return [.. Enumerable.Range(0, feed.Ids.Length).Where(i => feed.Mask[i] == 1).SelectMany(i => states.AsSpan(i * width, width).ToArray())];
    }
}
