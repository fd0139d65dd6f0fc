using System.Security.Cryptography;
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
    private readonly Lazy<string> _hash;

    private OnnxModelInfo() => _hash = new Lazy<string>(() => HashOf([File!, .. ExternalFiles!]));

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
    /// <summary>The model file.</summary>
    public required string File { get; init; }
    /// <summary>SHA-256 over the model file and its external files, lower-case hex; read when it is first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>Reads a model file.</summary>
    /// <exception cref="OnnxFormatException">It is missing, truncated, no model, or one of its external files is missing.</exception>
    public static OnnxModelInfo Read(string path)
    {
        try
        {
            using FileStream file = System.IO.File.OpenRead(path);
            (ModelProto model, _) = OnnxModel.Parse(path, file);
            string[] external = [.. ExternalWeights.Locate(path, model).Values.Select(w => w.File).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return new OnnxModelInfo
            {
                IrVersion = model.IrVersion,
                Opsets = model.OpsetImport.GroupBy(o => o.Domain).ToDictionary(g => g.Key, g => g.Max(o => o.Version)),
                Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
                Inputs = InputsOf(model.Graph),
                Outputs = OutputsOf(model.Graph),
                Nodes = model.Graph.Node.Count,
                Parameters = Numbers(path, model.Graph),
                ExternalFiles = external,
                File = path,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw OnnxModel.Unreadable(path, e);
        }
    }

    internal static IReadOnlyList<OnnxValue> InputsOf(GraphProto graph)
    {
        HashSet<string> initialised = [.. graph.Initializer.Select(t => t.Name)];
        return [.. graph.Input.Where(i => !initialised.Contains(i.Name)).Select(Value)];
    }

    internal static IReadOnlyList<OnnxValue> OutputsOf(GraphProto graph) => [.. graph.Output.Select(Value)];

    private static long Numbers(string path, GraphProto graph)
    {
        try
        {
            return graph.Initializer.Sum(TensorData.Count);
        }
        catch (OverflowException e)
        {
            throw TensorData.Impossible(path, e);
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
            using FileStream file = System.IO.File.OpenRead(path);
            int read;
            while ((read = file.Read(buffer)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
