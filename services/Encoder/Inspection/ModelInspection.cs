using System.Text.Json.Serialization;
using Retrieval.Contracts;
using Retrieval.Onnx;

namespace Retrieval.Encoder;

/// <summary>What the upgrade compiler recognises in a model, and which of its passes apply.</summary>
/// <param name="File">The ONNX file.</param>
/// <param name="Family">Family whose traits the graph has.</param>
/// <param name="Producer">Program that wrote the file.</param>
/// <param name="Opset">Standard operator set.</param>
/// <param name="HiddenSize">Width of a token's state.</param>
/// <param name="Attention">How attention is written.</param>
/// <param name="Sees">What a token sees.</param>
/// <param name="Positions">Where positions come from.</param>
/// <param name="Padding">Padding sides that are right.</param>
/// <param name="Output">Output with a vector per token; null when there is none.</param>
/// <param name="Layers">Layer by layer.</param>
/// <param name="Passes">Pass by pass.</param>
public sealed record ModelInspection(
    string File, string Family, string Producer, long Opset, int? HiddenSize, string Attention, string? Sees, IReadOnlyList<string> Positions, string Padding, string? Output,
    IReadOnlyList<InspectedLayer> Layers, IReadOnlyList<InspectedPass> Passes)
{
    /// <summary>Looks at a model's folder, or at one ONNX file.</summary>
    /// <exception cref="RetrievalException">There is no model, or it is not understood.</exception>
    public static ModelInspection Of(string path)
    {
        try
        {
            string file = System.IO.File.Exists(path) ? path : Directory.Exists(path) ? ModelFolder.FindGraph(Path.GetFullPath(path)) : throw new ModelFormatException(path, "is neither a folder nor a file. Name a model's folder or its ONNX file.");
            OnnxModel model = OnnxModel.Read(file);
            TransformerGraph graph = TransformerGraph.Analyze(model);
            OnnxModelInfo info = OnnxModelInfo.Read(file);
            return new ModelInspection(file, graph.Family, info.Producer, info.Opsets.GetValueOrDefault("", 0), graph.HiddenSize, string.Join(", ", graph.Layers.Select(l => l.Form.ToString()).Distinct()),
                graph.Sees?.ToString(), [.. graph.PositionKinds.Select(p => p.ToString())], graph.RightPaddingOnly ? "right" : "left and right", graph.Output,
                [.. graph.Layers.Select(InspectedLayer.Of)], [.. PassCatalogue.Try(model, graph).Select(p => new InspectedPass(p.What, p.Pass, p.WhyNot))]);
        }
        catch (Exception e) when (e is OnnxFormatException or ModelFormatException)
        {
            throw new RetrievalException(ErrorKind.Invalid, e.Message, "model", path, null, null);
        }
    }
}

/// <summary>A layer.</summary>
/// <param name="Layer">Number, from 0.</param>
/// <param name="HiddenIn">Tensor of the hidden state that it starts from.</param>
/// <param name="HiddenOut">Tensor of the one that it leaves.</param>
/// <param name="Scores">Tensor of the scores before the softmax; null when an operator keeps them inside.</param>
/// <param name="Masks">What is added to the scores.</param>
/// <param name="Heads">Heads, of keys in brackets where they are fewer, and their width.</param>
/// <param name="Scale">Factor on the product of queries and keys.</param>
/// <param name="Norm">Its normalisation and where it stands.</param>
/// <param name="Unproven">What could not be proven, and why.</param>
public sealed record InspectedLayer(int Layer, string? HiddenIn, string? HiddenOut, string? Scores, IReadOnlyList<string> Masks, string Heads, double? Scale, string Norm, IReadOnlyList<string> Unproven)
{
    internal static InspectedLayer Of(TransformerLayer layer) => new(layer.Index, layer.HiddenIn, layer.HiddenOut, layer.Scores, [.. layer.Masks.Select(Text)],
        $"{Known(layer.Heads)}{(layer.KeyHeads == layer.Heads ? "" : $" ({Known(layer.KeyHeads)})")} x {Known(layer.HeadSize)}", layer.Scale,
        $"{Known(layer.Norm)}{layer.NormalisesFirst switch { true => ", first", false => ", last", null => "" }}", layer.Unproven);

    private static string Known<T>(T? value) where T : struct => value?.ToString() ?? "?";

    private static string Text(MaskReading mask) => $"{mask.Kind}{(mask.Kind == MaskKind.Window ? $" {mask.Behind?.ToString() ?? "all"} before, {mask.Ahead?.ToString() ?? "all"} after" : "")}{(mask.HidesPadding ? ", hides padding" : "")}";
}

/// <summary>A pass, tried with usual parameters.</summary>
/// <param name="What">What it is for.</param>
/// <param name="Pass">Name and parameters.</param>
/// <param name="WhyNot">Why it does not apply; null when it does.</param>
public sealed record InspectedPass(string What, string Pass, string? WhyNot);

/// <summary>How an inspection is written as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ModelInspection))]
public sealed partial class ModelInspectionJson : JsonSerializerContext;
