using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ElementType">TensorProto.DataType: 1 float, 6 int32, 7 int64, 10 float16.</param>
/// <param name="Shape">Sizes or names of its axes; empty when the file says nothing.</param>
public sealed record OnnxValue(string Name, int ElementType, IReadOnlyList<string> Shape);

/// <summary>What a model file says of itself, read without its weights.</summary>
public sealed record OnnxModelInfo
{
    /// <summary>Version of the format.</summary>
    public required long IrVersion { get; init; }
    /// <summary>Operator sets by domain; the standard one is the empty name.</summary>
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }
    /// <summary>The program that wrote it.</summary>
    public required string Producer { get; init; }
    /// <summary>What has to be fed: initialisers that older files also list are left out.</summary>
    public required IReadOnlyList<OnnxValue> Inputs { get; init; }
    /// <summary>What it computes.</summary>
    public required IReadOnlyList<OnnxValue> Outputs { get; init; }
    /// <summary>Nodes of the graph.</summary>
    public required int Nodes { get; init; }
    /// <summary>Numbers in all initialisers.</summary>
    public required long Parameters { get; init; }
    /// <summary>Files with weights beside the model, by full path.</summary>
    public required IReadOnlyList<string> ExternalFiles { get; init; }
    /// <summary>SHA-256 over the model file and its external files, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>Reads a model file.</summary>
    /// <exception cref="OnnxFormatException">It is missing, truncated, no model, or one of its external files is missing.</exception>
    public static OnnxModelInfo Read(string path)
    {
        try
        {
            ModelProto model = Parse(path);
            string[] external = ExternalFilesOf(path, model);
            HashSet<string> initialised = [.. model.Graph.Initializer.Select(t => t.Name)];
            return new OnnxModelInfo
            {
                IrVersion = model.IrVersion,
                Opsets = model.OpsetImport.GroupBy(o => o.Domain).ToDictionary(g => g.Key, g => g.Max(o => o.Version)),
                Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
                Inputs = [.. model.Graph.Input.Where(i => !initialised.Contains(i.Name)).Select(Value)],
                Outputs = [.. model.Graph.Output.Select(Value)],
                Nodes = model.Graph.Node.Count,
                Parameters = Numbers(path, model.Graph),
                ExternalFiles = external,
                Hash = HashOf([path, .. external]),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxFormatException(path, $"cannot be read: {e.Message} Give the path of an ONNX file that this user may read.", e);
        }
    }

    private static ModelProto Parse(string path)
    {
        using FileStream file = File.OpenRead(path);
        try
        {
            // Unknown fields are the weights: read past, never kept.
            ModelProto model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(file);
            // Version 3 of the format and every later one wants an operator set: without it the end of the file is missing.
            return model.Graph is { Output.Count: > 0 } && model.OpsetImport.Count > 0 ? model
                : throw new OnnxFormatException(path, $"has no {(model.OpsetImport.Count > 0 ? "graph" : "operator set")} ({file.Length} bytes): it is truncated or not an ONNX model. Fetch or export it again.");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxFormatException(path, $"is truncated or not an ONNX model ({file.Length} bytes: {e.Message.TrimEnd('.')}). Fetch or export it again.", e);
        }
    }

    private static string[] ExternalFilesOf(string path, ModelProto model)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Dictionary<string, (string Tensor, long End)> lastOf = new(StringComparer.Ordinal);
        foreach (TensorProto tensor in model.Graph.Initializer.Where(t => t.DataLocation == 1))
        {
            string file = Place(path, folder, tensor);
            long end = External(tensor, "offset") + External(tensor, "length");
            if (!lastOf.TryGetValue(file, out (string Tensor, long End) last) || end > last.End)
            {
                lastOf[file] = (tensor.Name, end);
            }
        }
        foreach ((string file, (string tensor, long end)) in lastOf)
        {
            RequireWhole(path, file, tensor, end);
        }
        return [.. lastOf.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>Full path of the file that holds a tensor, which has to be below the model's own folder.</summary>
    private static string Place(string path, string folder, TensorProto tensor)
    {
        const string WayOut = "Save the model again with its weights beside it, or inside it.";
        string location = tensor.ExternalData.FirstOrDefault(e => e.Key == "location")?.Value ?? "";
        if (location.Length == 0 || location.Contains('\0', StringComparison.Ordinal))
        {
            throw new OnnxFormatException(path, $"says that tensor '{tensor.Name}' is in another file, but not in which. {WayOut}");
        }
        string full = Path.GetFullPath(Path.Combine(folder, location));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full
            : throw new OnnxFormatException(path, $"places tensor '{tensor.Name}' outside its own folder, at '{location}'. {WayOut}");
    }

    private static long External(TensorProto tensor, string key) =>
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

    private static long Numbers(string path, GraphProto graph)
    {
        try
        {
            return graph.Initializer.Sum(t => t.Dims.Aggregate(1L, (a, b) => b >= 0 ? checked(a * b) : throw new OverflowException()));
        }
        catch (OverflowException e)
        {
            throw new OnnxFormatException(path, "has a tensor of an impossible size. Fetch or export it again.", e);
        }
    }

    private static OnnxValue Value(ValueInfoProto value) => new(value.Name, value.Type?.TensorType?.ElemType ?? 0,
        [.. (value.Type?.TensorType?.Shape?.Dim ?? []).Select(d => d.HasDimParam ? d.DimParam : $"{d.DimValue}")]);

    private static string HashOf(string[] files)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        foreach (string path in files)
        {
            using FileStream file = File.OpenRead(path);
            int read;
            while ((read = file.Read(buffer)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
