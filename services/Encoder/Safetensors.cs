using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Retrieval.Encoder;

/// <summary>The safetensors format: 8 bytes of header length, a JSON header of name, type, shape and place, then the numbers, little-endian.</summary>
internal static class Safetensors
{
    /// <summary>One tensor as float32; null when the file has none of that name.</summary>
    /// <exception cref="ModelFormatException">The file is damaged or the type is not F32, F16 or BF16.</exception>
    public static (int[] Shape, float[] Values)? Read(string path, string name)
    {
        byte[] file = File.ReadAllBytes(path);
        try
        {
            int headerLength = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file));
            using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
            if (!header.RootElement.TryGetProperty(name, out JsonElement tensor))
            {
                return null;
            }
            int[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())];
            int start = tensor.GetProperty("data_offsets")[0].GetInt32(), end = tensor.GetProperty("data_offsets")[1].GetInt32();
            float[] values = Floats(file.AsSpan(8 + headerLength)[start..end], tensor.GetProperty("dtype").GetString()!, path, name);
            return values.Length == shape.Aggregate(1, (a, b) => a * b) ? (shape, values) : throw new ModelFormatException(path, $"has {values.Length} numbers for tensor '{name}' of shape {string.Join('x', shape)}.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or OverflowException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new ModelFormatException(path, "is truncated or no safetensors file. Fetch it again.", e);
        }
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes, string type, string path, string name) => type switch
    {
        "F32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        "F16" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(h => (float)h)],
        "BF16" => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(b => BitConverter.UInt32BitsToSingle((uint)b << 16))],
        _ => throw new ModelFormatException(path, $"has tensor '{name}' of type {type}; F32, F16 and BF16 are read."),
    };
}
