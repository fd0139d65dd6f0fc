using System.Runtime.InteropServices;
using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>Numbers of a tensor message, from whichever of its fields holds them.</summary>
internal static class TensorData
{
    /// <summary>Numbers in a tensor.</summary>
    /// <exception cref="OverflowException">A size is negative or the product does not fit.</exception>
    public static long Count(TensorProto tensor) => tensor.Dims.Aggregate(1L, (a, b) => b >= 0 ? checked(a * b) : throw new OverflowException());

    /// <summary>Bytes of a tensor's numbers.</summary>
    /// <exception cref="OnnxFormatException">The size is impossible.</exception>
    public static long Bytes(string path, TensorProto tensor)
    {
        try
        {
            return checked(Count(tensor) * DataType.Size(tensor.DataType));
        }
        catch (OverflowException e)
        {
            throw Impossible(path, e);
        }
    }

    public static OnnxFormatException Impossible(string path, Exception e) => new(path, "has a tensor of an impossible size. Fetch or export it again.", e);

    /// <summary>Row-major little-endian bytes of a tensor that is in memory; null when it has none.</summary>
    public static byte[]? Raw(TensorProto tensor) => tensor switch
    {
        { HasRawData: true } => tensor.RawData.ToByteArray(),
        { FloatData.Count: > 0 } => Bytes<float>([.. tensor.FloatData]),
        { DoubleData.Count: > 0 } => Bytes<double>([.. tensor.DoubleData]),
        { Int64Data.Count: > 0 } => Bytes<long>([.. tensor.Int64Data]),
        { Uint64Data.Count: > 0, DataType: DataType.UInt64 } => Bytes<ulong>([.. tensor.Uint64Data]),
        { Uint64Data.Count: > 0 } => Bytes<uint>([.. tensor.Uint64Data.Select(u => (uint)u)]),
        { Int32Data.Count: > 0 } => DataType.Size(tensor.DataType) switch
        {
            1 => [.. tensor.Int32Data.Select(i => (byte)i)],
            2 => Bytes<ushort>([.. tensor.Int32Data.Select(i => (ushort)i)]),
            _ => Bytes<int>([.. tensor.Int32Data]),
        },
        _ when Count(tensor) == 0 => [],
        _ => null,
    };

    public static TensorProto Create<T>(string name, int type, T[] values, params long[] dims) where T : struct
    {
        TensorProto tensor = new() { Name = name, DataType = type, RawData = UnsafeByteOperations.UnsafeWrap(Bytes(values)) };
        tensor.Dims.AddRange(dims);
        return tensor;
    }

    private static byte[] Bytes<T>(T[] values) where T : struct => MemoryMarshal.AsBytes<T>(values).ToArray();
}
