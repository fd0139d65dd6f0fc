using System.Text.Json;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

public sealed class GoldenModelTests
{
    [Fact]
    public void Every_golden_form_says_what_its_manifest_says()
    {
        string golden = Shared.Require("golden");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(golden, "manifest.json")));
        int forms = 0;
        foreach (JsonProperty model in manifest.RootElement.GetProperty("models").EnumerateObject())
        {
            if (!model.Value.TryGetProperty("forms", out JsonElement all))
            {
                continue;
            }
            foreach (JsonProperty form in all.EnumerateObject())
            {
                string path = Path.Combine(golden, model.Value.GetProperty("folder").GetString()!, form.Name);
                OnnxModelInfo info = OnnxModelInfo.Read(path);
                info.Inputs.Select(i => i.Name).ShouldBe(Words(form.Value, "inputs"), path);
                info.Outputs.Select(o => o.Name).ShouldBe(Words(form.Value, "outputs"), path);
                info.Nodes.ShouldBe(form.Value.GetProperty("nodes").GetInt32(), path);
                foreach (JsonProperty opset in form.Value.GetProperty("opset").EnumerateObject())
                {
                    info.Opsets[opset.Name == "ai.onnx" ? "" : opset.Name].ShouldBe(opset.Value.GetInt64(), path);
                }
                forms++;
            }
        }
        forms.ShouldBe(31);
    }

    [Fact]
    public void Every_model_file_is_understood()
    {
        string[] files = [.. new[] { Shared.Require("golden"), Shared.Require("models") }.SelectMany(f => Directory.GetFiles(f, "*.onnx", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
        files.Length.ShouldBe(38);
        foreach (string file in files)
        {
            OnnxModelInfo info = OnnxModelInfo.Read(file);
            long bytes = new FileInfo(file).Length + info.ExternalFiles.Sum(f => new FileInfo(f).Length);
            info.Parameters.ShouldBeInRange(bytes / 8, bytes, file);
            info.IrVersion.ShouldBeInRange(3, 20, file);
            info.Hash.ShouldMatch("^[0-9a-f]{64}$", file);
            info.Inputs.ShouldContain(i => i.Name == "input_ids" && (i.ElementType == 7 || i.ElementType == 6) && i.Shape.Count == 2, file);
            info.Inputs.ShouldContain(i => i.Name == "attention_mask", file);
            info.Outputs.ShouldAllBe(o => o.Name.Length > 0 && (o.ElementType == 1 || o.ElementType == 10), file);
        }
        files.Select(f => OnnxModelInfo.Read(f)).Count(i => i.ExternalFiles.Count > 0).ShouldBe(1);
    }

    [Fact]
    public void The_default_model_has_the_parameters_of_its_architecture()
    {
        // 6 layers, 384 wide, 30,522 tokens: 22.7 million.
        string file = Path.Combine(Shared.Require("models", "all-MiniLM-L6-v2"), "onnx", "model.onnx");
        OnnxModelInfo.Read(file).Parameters.ShouldBeInRange(22_500_000, 23_500_000);
    }

    [Fact]
    public void Weights_are_read_past_and_not_kept()
    {
        string file = Path.Combine(Shared.Require("models", "bge-small-en-v1.5"), "onnx", "model.onnx");
        OnnxModelInfo.Read(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxModelInfo.Read(file);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8 << 20, $"The file has {new FileInfo(file).Length} bytes.");
    }

    private static string[] Words(JsonElement form, string name) => [.. form.GetProperty(name).EnumerateArray().Select(w => w.GetString()!)];
}
