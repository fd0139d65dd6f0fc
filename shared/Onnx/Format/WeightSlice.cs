namespace Retrieval.Onnx;

/// <summary>Where the bytes of a weight are: little-endian, row-major, as ONNX stores them.</summary>
/// <param name="File">Full path.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
public sealed record WeightSlice(string File, long Offset, long Length)
{
    /// <summary>Reads them.</summary>
    public byte[] Read()
    {
        byte[] bytes = new byte[Length];
        using FileStream file = System.IO.File.OpenRead(File);
        file.Position = Offset;
        file.ReadExactly(bytes);
        return bytes;
    }
}
