using System.Text.Json;
using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx;

public sealed class TransformerGraphTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, string> Families = new() { ["bert"] = "BERT", ["xlmr"] = "RoBERTa", ["modernbert"] = "ModernBERT", ["llama"] = "Llama", ["qwen2"] = "Qwen2", ["qwen3"] = "Qwen3", ["t5"] = "T5" };

    public static TheoryData<string, string> Forms => Goldens.Forms();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_fact_of_every_golden_export_is_found(string model, string form)
    {
        Goldens goldens = Goldens.Instance;
        JsonElement config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Goldens.Folder, model, "config.json"))).RootElement;
        bool isDecoder = goldens.IsDecoder(model);
        TransformerGraph graph = TransformerGraph.Analyze(OnnxModel.Read(Goldens.PathOf(model, form)));
        foreach (TransformerLayer layer in graph.Layers)
        {
            output.WriteLine($"{layer.Index} {layer.Form} in {layer.HiddenIn} out {layer.HiddenOut} scores {layer.Scores} heads {layer.Heads}/{layer.KeyHeads}x{layer.HeadSize} scale {layer.Scale:F4} {layer.Norm} first {layer.NormalisesFirst} masks {string.Join(" + ", layer.Masks)} unproven: {string.Join("; ", layer.Unproven)}");
        }
        output.WriteLine($"output {graph.Output} {graph.WhyNoOutput}; positions {string.Join(", ", graph.Positions.Select(p => $"{p.Kind} at {p.Node.OpType} {p.Node.Name} + {p.Offset}"))}; {graph.Family}");

        int heads = 4, groups = isDecoder ? 2 : 4, size = model == "qwen3" ? 24 : 16;
        graph.Layers.Count.ShouldBe(4);
        graph.Layers.SelectMany(l => l.Unproven).ShouldBeEmpty();
        graph.Layers.ShouldAllBe(l => l.Heads == heads && l.KeyHeads == groups && l.HeadSize == size && l.HiddenIn != null);
        double scale = model == "t5" ? 1 : 1 / Math.Sqrt(size);
        graph.Layers.ShouldAllBe(l => Math.Abs(l.Scale!.Value - scale) < 1e-3 * scale);
        graph.HiddenSize.ShouldBe(64);
        graph.Family.ShouldBe(Families[model]);
        graph.Output.ShouldBe(goldens.Form(model, form).Json.GetProperty("outputs")[0].GetString());
        graph.Sees.ShouldBe(isDecoder ? MaskKind.Causal : model == "modernbert" ? MaskKind.Window : MaskKind.Bidirectional);
        graph.Layers.ShouldAllBe(l => l.Masks.Any(m => m.HidesPadding));
        graph.Layers.Select(l => l.NormalisesFirst!.Value).Distinct().ShouldBe([model is not ("bert" or "xlmr")]);
        (graph.PositionKinds.Count > 0).ShouldBe(model != "t5");
        if (model == "modernbert")
        {
            graph.Layers.Select(l => l.Masks[0].Ahead).ShouldBe([null, config.GetProperty("local_attention").GetInt32() / 2, config.GetProperty("local_attention").GetInt32() / 2, null]);
        }
    }
}
