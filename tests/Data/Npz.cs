using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Retrieval.Tests.Data;

/// <summary>NumPy's archive of arrays: a zip of .npy files, little-endian, C order.</summary>
internal sealed partial class Npz
{
    private readonly Dictionary<string, (string Type, long[] Shape, byte[] Data)> _arrays = new(StringComparer.Ordinal);

    private Npz()
    {
    }

    public IEnumerable<string> Keys => _arrays.Keys;

    public static Npz Read(string path)
    {
        Npz npz = new();
        using ZipArchive zip = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using Stream stream = entry.Open();
            using MemoryStream bytes = new();
            stream.CopyTo(bytes);
            npz._arrays[entry.FullName[..^".npy".Length]] = Parse(bytes.ToArray());
        }
        return npz;
    }

    public long[] Shape(string key) => _arrays[key].Shape;

    public float[] Floats(string key) => Values<float>(key, "<f4");

    public long[] Longs(string key) => Values<long>(key, "<i8");

    private T[] Values<T>(string key, string type) where T : struct => _arrays[key].Type == type
        ? MemoryMarshal.Cast<byte, T>(_arrays[key].Data).ToArray()
        : throw new InvalidDataException($"{key} is of type {_arrays[key].Type}, not {type}.");

    private static (string, long[], byte[]) Parse(byte[] npy)
    {
        int headerLength = BitConverter.ToUInt16(npy, 8);
        string header = System.Text.Encoding.ASCII.GetString(npy, 10, headerLength);
        Match match = Header().Match(header);
        long[] shape = [.. match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
        return (match.Groups["type"].Value, shape, npy[(10 + headerLength)..]);
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)'.*'shape':\s*\((?<shape>[^)]*)\)")]
    private static partial Regex Header();
}
