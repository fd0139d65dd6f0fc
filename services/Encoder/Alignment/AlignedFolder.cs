using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Onnx;
using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.Encoder;

/// <summary>A student's folder with the map behind its own modules: a Dense and a Normalize module, as sentence-transformers reads and writes them.</summary>
internal static class AlignedFolder
{
    // What a folder is read from; cards, goldens and exports for other runtimes stay behind.
    private static readonly string[] Kinds = [".json", ".txt", ".model"];

    /// <summary>Copies what the model consists of and appends the map.</summary>
    public static void Write(ModelFolder student, string source, string target, LinearFit fit)
    {
        foreach (string file in Parts(student, source))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        string modulesFile = Path.Combine(target, "modules.json");
        JsonArray modules = JsonNode.Parse(File.ReadAllBytes(modulesFile))!.AsArray();
        Append(modules, target, "Dense", folder => WriteDense(folder, fit));
        Append(modules, target, "Normalize", _ => { });
        File.WriteAllText(modulesFile, modules.ToJsonString(Indented));
    }

    private static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    private static IEnumerable<string> Parts(ModelFolder student, string source) =>
    [
        .. Directory.EnumerateFiles(source).Where(f => Kinds.Contains(Path.GetExtension(f)) && Path.GetFileName(f) != RetrievalFile.Name),
        .. ModuleList.Read(source).Documents.Select(m => m.Folder).Where(f => Path.GetFullPath(f) != Path.GetFullPath(source) && Directory.Exists(f)).Distinct().SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)),
        student.Graph, .. OnnxModelInfo.Read(student.Graph).ExternalFiles,
    ];

    private static void Append(JsonArray modules, string target, string type, Action<string> write)
    {
        string name = $"{modules.Count}_{type}", folder = Directory.CreateDirectory(Path.Combine(target, name)).FullName;
        write(folder);
        modules.Add(new JsonObject { ["idx"] = modules.Count, ["name"] = $"{modules.Count}", ["path"] = name, ["type"] = $"sentence_transformers.models.{type}" });
    }

    private static void WriteDense(string folder, LinearFit fit)
    {
        Matrix weights = fit.Weights;
        File.WriteAllText(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["in_features"] = weights.Columns, ["out_features"] = weights.Rows, ["bias"] = true, ["activation_function"] = "torch.nn.modules.linear.Identity",
        }.ToJsonString(Indented));
        Safetensors.Write(Path.Combine(folder, "model.safetensors"), [new WeightTensor("linear.weight", [weights.Rows, weights.Columns], weights.ToSingles()), new WeightTensor("linear.bias", [weights.Rows], [.. fit.Bias.Select(b => (float)b)])]);
    }
}
