using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>The reference outputs of the graph passes: models, their export forms, cases with tolerances.</summary>
internal sealed class GoldenManifest
{
    private static readonly Lazy<GoldenManifest> Loaded = new(() => new GoldenManifest());
    private readonly Dictionary<string, Npz> _arrays = new(StringComparer.Ordinal);

    private GoldenManifest() => Root = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "manifest.json"))).RootElement;

    public static GoldenManifest Instance
    {
        get
        {
            Shared.Require("golden");
            return Loaded.Value;
        }
    }

    public static string Folder => TestData.FindShared("golden")!;

    public JsonElement Root { get; }

    /// <summary>Model and form of every export, such as (bert, ts-sdpa-14); one row where the data is missing, so that the test says so.</summary>
    public static TheoryData<string, string> Forms(params string[] models)
    {
        TheoryData<string, string> data = [];
        if (TestData.FindShared("golden") is null)
        {
            data.Add("bert", "ts-sdpa-14");
        }
        else
        {
            foreach (JsonProperty model in Loaded.Value.Root.GetProperty("models").EnumerateObject().Where(m => m.Value.TryGetProperty("forms", out _) && m.Value.TryGetProperty("layers", out _)))
            {
                foreach (JsonProperty form in model.Value.GetProperty("forms").EnumerateObject().Where(_ => models.Length == 0 || models.Contains(model.Name)))
                {
                    data.Add(model.Name, Path.GetFileNameWithoutExtension(form.Name));
                }
            }
        }
        return data;
    }

    /// <summary>Those forms that compute in single precision: others depend on the batch or on fusions by design.</summary>
    public static TheoryData<string, string> ExactForms()
    {
        TheoryData<string, string> exact = [];
        foreach ((string model, string form) in Forms().Select(r => r.Data).Where(d => TestData.FindShared("golden") is null || !Loaded.Value.Form(d.Item1, d.Item2).GetProperty("lossy").GetBoolean()))
        {
            exact.Add(model, form);
        }
        return exact;
    }

    public JsonElement Model(string model) => Root.GetProperty("models").GetProperty(model);

    public JsonElement Form(string model, string form) => Model(model).GetProperty("forms").GetProperty(form + ".onnx");

    public static string PathOf(string model, string form) => Path.Combine(Shared.Require("golden", model), form + ".onnx");

    public IEnumerable<JsonElement> Cases(string model, string technique) => Root.GetProperty("cases").EnumerateArray()
        .Where(c => c.GetProperty("model").GetString() == model && c.GetProperty("technique").GetString() == technique);

    public Npz Arrays(string model)
    {
        lock (_arrays)
        {
            return _arrays.TryGetValue(model, out Npz? npz) ? npz : _arrays[model] = Npz.Read(Path.Combine(Folder, model, "cases.npz"));
        }
    }

    /// <summary>Largest difference that a form may show against a case: the form's own where it is lossy, else the larger of both.</summary>
    public double Tolerance(string model, string form, JsonElement testCase) => Form(model, form).GetProperty("lossy").GetBoolean()
        ? Form(model, form).GetProperty("atol").GetDouble() : Math.Max(Form(model, form).GetProperty("atol").GetDouble(), testCase.GetProperty("atol").GetDouble());
}
