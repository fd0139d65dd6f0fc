using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Weights that a model keeps in files beside it.</summary>
internal static class ExternalWeights
{
    private const string SaveAgain = "Save the model again with its weights beside it, or inside it.";

    /// <summary>Where each external initialiser is; every file is there and long enough.</summary>
    /// <exception cref="OnnxFormatException">A file is missing, too short, or outside the model's folder.</exception>
    public static Dictionary<string, WeightSlice> Locate(string path, ModelProto model)
    {
        Dictionary<string, WeightSlice> slices = new(StringComparer.Ordinal);
        Dictionary<string, (string Tensor, long End)> lastOf = new(StringComparer.Ordinal);
        foreach (TensorProto tensor in model.Graph.Initializer.Where(t => t.DataLocation == 1))
        {
            string file = Place(path, tensor);
            long offset = Number(tensor, "offset"), end = offset + Number(tensor, "length");
            slices[tensor.Name] = new WeightSlice(file, offset, end - offset);
            if (!lastOf.TryGetValue(file, out (string Tensor, long End) last) || end > last.End)
            {
                lastOf[file] = (tensor.Name, end);
            }
        }
        foreach ((string file, (string tensor, long end)) in lastOf)
        {
            RequireWhole(path, file, tensor, end);
        }
        return slices;
    }

    /// <summary>Adds them to the weights by place; the model itself no longer says where they are.</summary>
    public static void TakeOver(string path, ModelProto model, Dictionary<string, WeightSlice> weights)
    {
        Dictionary<string, WeightSlice> external = Locate(path, model);
        foreach (TensorProto tensor in model.Graph.Initializer.Where(t => t.DataLocation == 1))
        {
            WeightSlice slice = external[tensor.Name];
            // A length is optional: then the tensor's own size is it.
            weights[tensor.Name] = slice.Length > 0 ? slice : slice with { Length = TensorData.Bytes(path, tensor) };
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
    }

    /// <summary>Full path of the file that holds a tensor, which has to be below the model's own folder.</summary>
    private static string Place(string path, TensorProto tensor)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string location = tensor.ExternalData.FirstOrDefault(e => e.Key == "location")?.Value ?? "";
        if (location.Length == 0 || location.Contains('\0', StringComparison.Ordinal))
        {
            throw new OnnxFormatException(path, $"says that tensor '{tensor.Name}' is in another file, but not in which. {SaveAgain}");
        }
        string full = Path.GetFullPath(Path.Combine(folder, location));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full
            : throw new OnnxFormatException(path, $"places tensor '{tensor.Name}' outside its own folder, at '{location}'. {SaveAgain}");
    }

    private static long Number(TensorProto tensor, string key) =>
        long.TryParse(tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;

    private static void RequireWhole(string path, string file, string tensor, long end)
    {
        if (!File.Exists(file))
        {
            throw new OnnxFormatException(path, $"keeps tensor '{tensor}' in {file}, which is missing. Put that file beside the model.");
        }
        long length = new FileInfo(file).Length;
        if (length < end)
        {
            throw new OnnxFormatException(path, $"keeps tensor '{tensor}' in {file} up to byte {end}, but that file ends at {length}. Fetch or export it again.");
        }
    }
}
