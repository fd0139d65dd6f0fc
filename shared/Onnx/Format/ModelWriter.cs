using System.Buffers;
using System.Globalization;
using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Writes a model whose weights are elsewhere: they go from file to file through one small buffer, so that memory holds the graph only.
/// Fields of a message may come in any order; weights are written behind the rest.
/// </summary>
internal static class ModelWriter
{
    private const int GraphTag = (7 << 3) | 2, InitializerTag = (5 << 3) | 2, RawTag = (9 << 3) | 2;
    // A cache line: kernels read mapped weights in place.
    private const int Alignment = 64;

    public static void Write(OnnxModel model, string path, string? weightsName)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        // Names of this process: another one may be writing the same model.
        string partial = $".{Environment.ProcessId}.part", temporary = path + partial, weightsPath = Path.Combine(folder, weightsName ?? "x"), weightsTemporary = weightsPath + partial;
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                if (weightsName is null)
                {
                    Inside(model, path, file);
                }
                else
                {
                    using FileStream weights = File.Create(weightsTemporary);
                    External(model, weightsName, weights).WriteTo(file);
                }
            }
            if (weightsName is not null)
            {
                File.Move(weightsTemporary, weightsPath, true);
            }
            File.Move(temporary, path, true);
        }
        finally
        {
            File.Delete(temporary);
            File.Delete(weightsTemporary);
        }
    }

    /// <summary>The model's own message, with large weights in an external file of a name; writes that file.</summary>
    public static ModelProto External(OnnxModel model, string weightsName, Stream weights)
    {
        ModelProto proto = model.Proto.Clone();
        foreach (TensorProto tensor in proto.Graph.Initializer)
        {
            if (model.Weights.TryGetValue(tensor.Name, out WeightSlice? slice) || tensor.RawData.Length >= SkeletonReader.Large)
            {
                weights.Write(new byte[(Alignment - (weights.Position % Alignment)) % Alignment]);
                PointTo(tensor, weightsName, weights.Position, slice?.Length ?? tensor.RawData.Length);
                if (slice is null)
                {
                    tensor.RawData.WriteTo(weights);
                    tensor.ClearRawData();
                }
                else
                {
                    Copy(slice, weights);
                }
            }
        }
        return proto;
    }

    public static void PointTo(TensorProto tensor, string location, long offset, long length)
    {
        tensor.DataLocation = 1;
        tensor.ExternalData.Clear();
        foreach ((string key, string value) in new[] { ("location", location), ("offset", Text(offset)), ("length", Text(length)) })
        {
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        }
    }

    private static void Inside(OnnxModel model, string path, Stream file)
    {
        ModelProto shell = model.Proto.Clone();
        GraphProto graph = shell.Graph;
        shell.Graph = null;
        TensorProto[] large = [.. graph.Initializer.Where(t => model.Weights.ContainsKey(t.Name))];
        GraphProto rest = graph.Clone();
        rest.Initializer.Clear();
        rest.Initializer.AddRange(graph.Initializer.Where(t => !model.Weights.ContainsKey(t.Name)));
        long length = rest.CalculateSize() + large.Sum(t => Prefixed(TensorLength(t, model.Weights[t.Name])));
        if (length + shell.CalculateSize() > int.MaxValue - 64)
        {
            throw new OnnxFormatException(path, $"would have {length} bytes, and protobuf ends at 2 GiB. Write its weights to a file of their own.");
        }
        shell.WriteTo(file);
        Head(file, GraphTag, length);
        rest.WriteTo(file);
        foreach (TensorProto tensor in large)
        {
            WeightSlice slice = model.Weights[tensor.Name];
            Head(file, InitializerTag, TensorLength(tensor, slice));
            tensor.WriteTo(file);
            Head(file, RawTag, slice.Length);
            Copy(slice, file);
        }
    }

    private static long TensorLength(TensorProto tensor, WeightSlice slice) => tensor.CalculateSize() + Prefixed(slice.Length);

    /// <summary>Bytes of a length-prefixed field whose tag takes one byte.</summary>
    private static long Prefixed(long length) => 1 + CodedOutputStream.ComputeInt64Size(length) + length;

    private static void Head(Stream stream, int tag, long length)
    {
        stream.WriteByte((byte)tag);
        for (; length >= 128; length >>= 7)
        {
            stream.WriteByte((byte)(length | 128));
        }
        stream.WriteByte((byte)length);
    }

    private static void Copy(WeightSlice slice, Stream target)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        using FileStream source = File.OpenRead(slice.File);
        source.Position = slice.Offset;
        for (long left = slice.Length; left > 0;)
        {
            int now = (int)Math.Min(left, buffer.Length);
            source.ReadExactly(buffer, 0, now);
            target.Write(buffer, 0, now);
            left -= now;
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
