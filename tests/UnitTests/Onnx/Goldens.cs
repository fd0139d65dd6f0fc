using System.Text.Json;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>The reference outputs of shared/golden: models, their export forms, cases with inputs, expected arrays and tolerances.</summary>
internal sealed class Goldens
{
    private static readonly Lazy<Goldens> Loaded = new(() => new Goldens());
    private readonly Dictionary<string, Npz> _arrays = new(StringComparer.Ordinal);
    private readonly JsonElement _manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "manifest.json"))).RootElement;

    private Goldens()
    {
    }

    /// <summary>The goldens; skips the test that asks where they are not there.</summary>
    public static Goldens Instance
    {
        get
        {
            Shared.Require("golden");
            return Loaded.Value;
        }
    }

    public static string Folder => TestData.FindShared("golden")!;

    /// <summary>Weights of the heads.</summary>
    public static WeightFile Heads => WeightFile.Open(Path.Combine(Folder, "heads", "heads.npz"));

    public static string PathOf(string model, string form) => Path.Combine(Shared.Require("golden", model), form + ".onnx");

    /// <summary>Model and form of every export, such as (bert, ts-sdpa-14); one row where the data is missing, so that the test says so.</summary>
    public static TheoryData<string, string> Forms(params string[] models) => Rows(f => models.Length == 0 || models.Contains(f.Model));

    /// <summary>Those forms that compute in single precision: others depend on the batch or on fusions by design.</summary>
    public static TheoryData<string, string> ExactForms() => Rows(f => !f.IsLossy);

    /// <summary>Names of the models with export forms.</summary>
    public IEnumerable<string> Models => _manifest.GetProperty("models").EnumerateObject().Where(m => m.Value.TryGetProperty("forms", out _) && m.Value.TryGetProperty("layers", out _)).Select(m => m.Name);

    /// <summary>Every case.</summary>
    public IEnumerable<GoldenCase> All => _manifest.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(this, c));

    /// <summary>Cases of a technique.</summary>
    public IEnumerable<GoldenCase> Cases(string technique) => All.Where(c => c.Technique == technique);

    /// <summary>Cases of a technique for a model.</summary>
    public IEnumerable<GoldenCase> Cases(string model, string technique) => Cases(technique).Where(c => c.Model == model);

    /// <summary>Export forms of a model.</summary>
    public IEnumerable<GoldenForm> FormsOf(string model) => Model(model).GetProperty("forms").EnumerateObject().Select(f => new GoldenForm(model, f.Name, Path.Combine(Folder, model, f.Name), f.Value));

    /// <summary>One form, by its name without the ending.</summary>
    public GoldenForm Form(string model, string form) => FormsOf(model).Single(f => f.Name == form + ".onnx");

    public bool IsDecoder(string model) => Model(model).GetProperty("decoder").GetBoolean();

    public int Layers(string model) => Model(model).GetProperty("layers").GetInt32();

    public Npz Arrays(string model)
    {
        lock (_arrays)
        {
            return _arrays.TryGetValue(model, out Npz? known) ? known : _arrays[model] = Npz.Read(Path.Combine(Folder, model, "cases.npz"));
        }
    }

    private JsonElement Model(string model) => _manifest.GetProperty("models").GetProperty(model);

    private static TheoryData<string, string> Rows(Func<GoldenForm, bool> wanted)
    {
        TheoryData<string, string> rows = [];
        foreach (GoldenForm form in TestData.FindShared("golden") is null ? [] : Loaded.Value.Models.SelectMany(Loaded.Value.FormsOf).Where(wanted))
        {
            rows.Add(form.Model, Path.GetFileNameWithoutExtension(form.Name));
        }
        if (rows.Count == 0)
        {
            rows.Add("bert", "ts-sdpa-14");
        }
        return rows;
    }
}

/// <summary>One file of one set of weights.</summary>
internal sealed record GoldenForm(string Model, string Name, string Path, JsonElement Json)
{
    /// <summary>int8, q4 and fp16: compared by their own tolerance.</summary>
    public bool IsLossy => Json.GetProperty("lossy").GetBoolean();

    public double Tolerance => Json.GetProperty("atol").GetDouble();

    /// <summary>The least cosine of a token's state that a lossy form may show instead.</summary>
    public double LeastCosine => Json.GetProperty("min_token_cosine").GetDouble();

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

    public string Technique => Json.GetProperty("technique").GetString()!;

    public double Tolerance => Json.GetProperty("atol").GetDouble();

    public JsonElement Params => Json.GetProperty("params");

    public IEnumerable<string> Expected => Json.GetProperty("expected").EnumerateObject().Select(e => e.Name);

    private Npz Arrays => Goldens.Arrays(Model);

    public float[] Floats(string key) => Arrays.Floats(key);

    /// <summary>The expected array whose name ends so; null when there is none.</summary>
    public string? Key(string suffix) => Expected.FirstOrDefault(n => n.EndsWith("." + suffix, StringComparison.Ordinal));

    /// <summary>The batch, and the left-padded one with the same expected outputs where there is one.</summary>
    public IEnumerable<(string Name, Feed Feed)> Feeds() => Inputs().Select(i => (i.Name, FeedOf(i.Keys)));

    /// <summary>The same batches, by their inputs' names.</summary>
    public IEnumerable<(string Name, GoldenBatch Batch)> Batches() => Inputs().Select(i => (i.Name, GoldenBatch.Of(Arrays, i.Keys.EnumerateObject().Select(k => KeyValuePair.Create(k.Name, k.Value.GetString()!)))));

    /// <summary>What is allowed for a form: its own tolerance where it is lossy.</summary>
    /// <param name="form">The form.</param>
    /// <param name="scale">How much larger than a token's error an error may be.</param>
    public double Allowed(GoldenForm form, double scale = 1) => form.IsLossy ? form.Tolerance * scale : Tolerance;

    private IEnumerable<(string Name, JsonElement Keys)> Inputs() => [("", Json.GetProperty("inputs")), .. Json.TryGetProperty("same_expected_for", out JsonElement same) ? same.EnumerateObject().Select(s => (s.Name, s.Value)) : []];

    private Feed FeedOf(JsonElement inputs)
    {
        long[] Longs(string name) => Arrays.Longs(inputs.GetProperty(name).GetString()!);
        return new Feed((int)Arrays.Shape(inputs.GetProperty("input_ids").GetString()!)[0], Longs("input_ids"), Longs("attention_mask"), inputs.TryGetProperty("token_type_ids", out _) ? Longs("token_type_ids") : null);
    }
}

/// <summary>Which expected arrays a form was compared with. A test of a technique closes it, so that one that leaves an array out fails.</summary>
internal sealed class GoldenAccount(string form)
{
    private readonly HashSet<(string Case, string Key)> _compared = [];

    /// <summary>An array of a case was compared, or a refusal of it was.</summary>
    public void Add(GoldenCase golden, string key) => _compared.Add((golden.Id, key));

    /// <summary>Every array of every case was.</summary>
    public void Close(IEnumerable<GoldenCase> cases) => cases.SelectMany(c => c.Expected.Select(k => (c.Id, k))).Except(_compared).ShouldBeEmpty($"arrays that {form} was not compared with");
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
