using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// A model as passes see it: the graph in memory, large weights by their place in a file. Passes copy the graph and share the weights, so that a
/// chain of them over a model of any size takes a few MiB. Immutable from outside.
/// </summary>
public sealed class OnnxModel
{
    private const string Again = "Fetch or export it again.";

    // Lengths in protobuf's own readers are of 31 bits: no runtime opens a larger message.
    private const long MostInside = int.MaxValue;

    internal OnnxModel(string path, ModelProto proto, IReadOnlyDictionary<string, WeightSlice> weights) => (Path, Proto, Weights) = (path, proto, weights);

    /// <summary>The file that it was read from; messages name it.</summary>
    public string Path { get; }

    internal ModelProto Proto { get; }

    /// <summary>Initialisers that are not in <see cref="Proto"/>, by name.</summary>
    internal IReadOnlyDictionary<string, WeightSlice> Weights { get; }

    /// <summary>Bytes of all weights that stay in files.</summary>
    public long WeightBytes => Weights.Values.Sum(w => w.Length);

    /// <summary>What has to be fed: initialisers that older files also list are left out.</summary>
    public IReadOnlyList<OnnxValue> Inputs => OnnxModelInfo.InputsOf(Proto.Graph);

    /// <summary>What it computes.</summary>
    public IReadOnlyList<OnnxValue> Outputs => OnnxModelInfo.OutputsOf(Proto.Graph);

    /// <summary>Files that hold weights.</summary>
    public IReadOnlyList<string> WeightFiles => [.. Weights.Values.Select(w => w.File).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Operator set of a domain; 0 when the model does not import it. The standard domain is the empty name.</summary>
    public long Opset(string domain) => Proto.OpsetImport.Where(o => (o.Domain is "ai.onnx" ? "" : o.Domain) == domain).Select(o => o.Version).DefaultIfEmpty(0).Max();

    /// <summary>Reads a model file; weights stay in it, so it must stay in place while the result is used.</summary>
    /// <exception cref="OnnxFormatException">It is missing, truncated, no model, or one of its external files is missing or cut.</exception>
    public static OnnxModel Read(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            (ModelProto proto, Dictionary<string, WeightSlice> weights) = Parse(path, file);
            ExternalWeights.TakeOver(path, proto, weights);
            RequireNumbers(path, proto, weights);
            return new OnnxModel(System.IO.Path.GetFullPath(path), proto, weights);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Every initialiser has as many numbers as its shape says.</summary>
    private static void RequireNumbers(string path, ModelProto proto, Dictionary<string, WeightSlice> weights)
    {
        foreach (TensorProto tensor in proto.Graph.Initializer.Where(t => DataType.Size(t.DataType) > 0))
        {
            long wanted = TensorData.Bytes(path, tensor), found = weights.TryGetValue(tensor.Name, out WeightSlice? slice) ? slice.Length : TensorData.Raw(tensor)?.Length ?? 0;
            if (wanted != found)
            {
                throw new OnnxFormatException(path, $"has a tensor '{tensor.Name}' of shape {string.Join(" x ", tensor.Dims)} with {found} bytes in place of {wanted}. {Again}");
            }
        }
    }

    /// <summary>Writes the model with all weights inside the file; the file appears whole or not at all.</summary>
    /// <exception cref="OnnxFormatException">It would pass protobuf's 2 GiB.</exception>
    public void Write(string path) => ModelWriter.Write(this, path, null);

    /// <summary>Writes the graph to one file and large weights to another beside it.</summary>
    /// <param name="path">The model.</param>
    /// <param name="weightsName">Name of the file for weights, in the same folder.</param>
    public void Write(string path, string weightsName) => ModelWriter.Write(this, path, weightsName);

    /// <summary>
    /// The graph alone, as a file's bytes: large weights are external, at their places in <see cref="WeightFiles"/>, whose folder a reader has to be told.
    /// Models that came from one by passes share its weights that way.
    /// </summary>
    public byte[] ToGraph()
    {
        ModelProto proto = Proto.Clone();
        foreach (TensorProto tensor in proto.Graph.Initializer)
        {
            if (Weights.TryGetValue(tensor.Name, out WeightSlice? slice))
            {
                ModelWriter.PointTo(tensor, System.IO.Path.GetFileName(slice.File), slice.Offset, slice.Length);
            }
        }
        return proto.ToByteArray();
    }

    /// <summary>Weights that <see cref="ToGraph"/> leaves out.</summary>
    public IReadOnlyList<ModelWeight> LargeWeights => [.. Proto.Graph.Initializer.Where(t => Weights.ContainsKey(t.Name)).Select(t => new ModelWeight(t.Name, t.DataType, [.. t.Dims], Weights[t.Name]))];

    internal static OnnxFormatException Unreadable(string path, Exception e) =>
        new(path, $"cannot be read: {e.Message} Give the path of an ONNX file that this user may read.", e);

    internal static (ModelProto Model, Dictionary<string, WeightSlice> Weights) Parse(string path, FileStream file)
    {
        if (file.Length > MostInside)
        {
            throw new OnnxFormatException(path, $"has {file.Length} bytes in one file, and protobuf ends at 2 GiB. Save the model with its weights in a file beside it (external data).");
        }
        try
        {
            (ModelProto model, Dictionary<string, WeightSlice> weights) = SkeletonReader.Read(file);
            // Version 3 of the format and every later one wants an operator set: without it the end of the file is missing.
            return model.Graph is { Output.Count: > 0 } && model.OpsetImport.Count > 0 ? (model, weights)
                : throw new OnnxFormatException(path, $"has no {(model.OpsetImport.Count > 0 ? "graph" : "operator set")} ({file.Length} bytes): it is truncated or not an ONNX model. {Again}");
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or BrokenWireException)
        {
            throw new OnnxFormatException(path, $"is truncated or not an ONNX model ({file.Length} bytes: {e.Message.TrimEnd('.')}). {Again}", e);
        }
    }
}

/// <summary>A weight in a file.</summary>
/// <param name="Name">Of the initialiser.</param>
/// <param name="ElementType">TensorProto.DataType.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Place">Where its bytes are.</param>
public sealed record ModelWeight(string Name, int ElementType, IReadOnlyList<long> Shape, WeightSlice Place);
