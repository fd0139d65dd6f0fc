using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Retrieval.Onnx;

/// <summary>The safetensors format: 8 bytes of header length, a JSON header of name, type, shape and place, then the numbers, little-endian.</summary>
public sealed class Safetensors : WeightFile
{
    // The format's own limit.
    private const long MostHeader = 100_000_000;
    private const string Metadata = "__metadata__", Cure = "Fetch it again.";
    private readonly Dictionary<string, Place> _places;
    private readonly long _start;

    private Safetensors(string path, Dictionary<string, Place> places, long start) : base(path) => (_places, _start) = (places, start);

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => _places.Keys;

    /// <summary>Reads the header; the numbers stay in the file.</summary>
    public static new Safetensors Open(string path)
    {
        using FileStream file = System.IO.File.OpenRead(path);
        try
        {
            Span<byte> head = stackalloc byte[8];
            file.ReadExactly(head);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (length > (ulong)Math.Min(MostHeader, file.Length - 8))
            {
                throw new OnnxFormatException(path, $"claims a header of {length} bytes in a file of {file.Length}: it is truncated or no safetensors file. {Cure}");
            }
            byte[] header = new byte[length];
            file.ReadExactly(header);
            return new Safetensors(path, Places(path, header, file.Length - 8 - header.Length), 8 + header.Length);
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or OverflowException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new OnnxFormatException(path, $"is truncated or no safetensors file. {Cure}", e);
        }
    }

    /// <inheritdoc/>
    public override WeightTensor? Find(string name)
    {
        if (!_places.TryGetValue(name, out Place? place))
        {
            return null;
        }
        byte[] bytes = new byte[place.Bytes];
        using FileStream file = System.IO.File.OpenRead(File);
        file.Position = _start + place.Offset;
        file.ReadExactly(bytes);
        return new WeightTensor(name, place.Shape, Floats(bytes, place.Type) ?? throw new OnnxFormatException(File, $"has tensor '{name}' of type {place.Type}; F64, F32, F16 and BF16 are read. Convert it."));
    }

    /// <summary>Writes tensors as F32; the file is whole or not there.</summary>
    public static void Write(string path, IReadOnlyList<WeightTensor> tensors)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            long at = 0;
            foreach (WeightTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                Numbers(json, "shape", tensor.Shape.Select(s => (long)s));
                Numbers(json, "data_offsets", [at, at += tensor.Values.Length * sizeof(float)]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        header.Write("        "u8[..(int)(-header.Length & 7)]); // numbers begin at a multiple of 8
        string partial = path + ".partial";
        using (FileStream file = System.IO.File.Create(partial))
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            file.Write(length);
            header.WriteTo(file);
            foreach (WeightTensor tensor in tensors)
            {
                file.Write(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
            }
            file.Flush(flushToDisk: true);
        }
        System.IO.File.Move(partial, path, overwrite: true);
    }

    private static void Numbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }
        json.WriteEndArray();
    }

    private static Dictionary<string, Place> Places(string path, byte[] header, long bytes)
    {
        Dictionary<string, Place> places = new(StringComparer.Ordinal);
        using JsonDocument json = JsonDocument.Parse(header);
        foreach (JsonProperty tensor in json.RootElement.EnumerateObject().Where(t => t.Name != Metadata))
        {
            int[] shape = [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())];
            JsonElement offsets = tensor.Value.GetProperty("data_offsets");
            Place place = new(tensor.Value.GetProperty("dtype").GetString()!, shape, offsets[0].GetInt64(), checked(offsets[1].GetInt64() - offsets[0].GetInt64()));
            long numbers = shape.Aggregate(1L, (a, b) => b >= 0 ? checked(a * b) : throw new OverflowException());
            if (place.Offset < 0 || place.Bytes < 0 || place.Offset + place.Bytes > bytes || (Width(place.Type) is > 0 and var width && checked(numbers * width) != place.Bytes))
            {
                throw new OnnxFormatException(path, $"keeps tensor '{tensor.Name}' of {string.Join(" x ", shape)} {place.Type} at bytes {offsets[0]} to {offsets[1]} of {bytes}: they don't fit. {Cure}");
            }
            places.Add(tensor.Name, place);
        }
        return places;
    }

    private static int Width(string type) => type switch { "F64" => 8, "F32" => 4, "F16" or "BF16" => 2, _ => 0 };

    private static float[]? Floats(byte[] bytes, string type) => type switch
    {
        "F64" => [.. MemoryMarshal.Cast<byte, double>(bytes).ToArray().Select(d => (float)d)],
        "F32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        "F16" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (float)h)],
        "BF16" => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(b => BitConverter.UInt32BitsToSingle((uint)b << 16))],
        _ => null,
    };

    private sealed record Place(string Type, int[] Shape, long Offset, long Bytes);
}
