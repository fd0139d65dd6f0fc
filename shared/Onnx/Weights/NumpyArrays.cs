using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Retrieval.Onnx;

/// <summary>NumPy's .npy (one array, called by the file's name) and .npz (a zip of them): little-endian floats in C order.</summary>
public sealed partial class NumpyArrays : WeightFile
{
    private const string Extension = ".npy", Cure = "Save it again with numpy.save or numpy.savez.";
    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];
    private readonly string[] _names;

    private NumpyArrays(string path, string[] names) : base(path) => _names = names;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => _names;

    private bool IsArchive => Path.GetExtension(File) != Extension;

    /// <summary>Lists the arrays; the numbers stay in the file.</summary>
    public static new NumpyArrays Open(string path)
    {
        if (Path.GetExtension(path) == Extension)
        {
            using FileStream file = System.IO.File.OpenRead(path);
            return new NumpyArrays(path, [Path.GetFileNameWithoutExtension(path)]);
        }
        try
        {
            using ZipArchive zip = ZipFile.OpenRead(path);
            return new NumpyArrays(path, [.. zip.Entries.Where(e => e.FullName.EndsWith(Extension, StringComparison.Ordinal)).Select(e => e.FullName[..^Extension.Length])]);
        }
        catch (InvalidDataException e)
        {
            throw new OnnxFormatException(path, $"is truncated or no archive of arrays: {e.Message} {Cure}", e);
        }
    }

    /// <inheritdoc/>
    public override WeightTensor? Find(string name)
    {
        if (!_names.Contains(name))
        {
            return null;
        }
        try
        {
            return Parse(name, IsArchive ? Entry(name) : System.IO.File.ReadAllBytes(File));
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new OnnxFormatException(File, $"has a damaged array '{name}'. {Cure}", e);
        }
    }

    private byte[] Entry(string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(File);
        using Stream stream = zip.GetEntry(name + Extension)!.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Magic bytes, version, header length (two bytes in version 1, four later), a Python dictionary as text, the numbers.</summary>
    private WeightTensor Parse(string name, byte[] npy)
    {
        if (npy.Length < 12 || !npy.AsSpan().StartsWith(Magic))
        {
            throw new OnnxFormatException(File, $"has no array in '{name}': its first bytes are not NumPy's. {Cure}");
        }
        (int start, int length) = npy[6] == 1 ? (10, BinaryPrimitives.ReadUInt16LittleEndian(npy.AsSpan(8))) : (12, checked((int)BinaryPrimitives.ReadUInt32LittleEndian(npy.AsSpan(8))));
        Match header = Header().Match(Encoding.Latin1.GetString(npy, start, length));
        int[] shape = [.. header.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(d => int.Parse(d, NumberStyles.None, CultureInfo.InvariantCulture))];
        string type = header.Groups["type"].Value;
        if (!header.Success || (header.Groups["fortran"].Value == "True" && shape.Length > 1) || Floats(npy.AsSpan(start + length), type) is not { } values)
        {
            throw new OnnxFormatException(File, $"has array '{name}' of type '{type}'{(header.Groups["fortran"].Value == "True" ? " in Fortran order" : "")}; <f8, <f4 and <f2 in C order are read. {Cure}");
        }
        return values.Length == shape.Aggregate(1L, (a, b) => a * b) ? new WeightTensor(name, shape, values)
            : throw new OnnxFormatException(File, $"has {values.Length} numbers for array '{name}' of {string.Join(" x ", shape)}. {Cure}");
    }

    private static float[]? Floats(ReadOnlySpan<byte> bytes, string type) => type switch
    {
        "<f8" => [.. MemoryMarshal.Cast<byte, double>(bytes).ToArray().Select(d => (float)d)],
        "<f4" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        "<f2" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (float)h)],
        _ => null,
    };

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)'.*'fortran_order':\s*(?<fortran>True|False).*'shape':\s*\((?<shape>[^)]*)\)")]
    private static partial Regex Header();
}
