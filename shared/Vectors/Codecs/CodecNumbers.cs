using System.Runtime.InteropServices;

namespace Retrieval.Vectors.Codecs;

/// <summary>Arrays in a codec's body: a count, then the numbers.</summary>
internal static class CodecNumbers
{
    // A rotation of 8,192 dimensions; a damaged count must not ask for all memory.
    private const int Most = 1 << 26;

    public static void WriteSingles(this BinaryWriter writer, ReadOnlySpan<float> values)
    {
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values));
    }

    public static float[] ReadSingles(this BinaryReader reader) => MemoryMarshal.Cast<byte, float>(reader.ReadExactly(sizeof(float))).ToArray();

    /// <summary>Numbers that were rounded to binary16 before.</summary>
    public static void WriteHalves(this BinaryWriter writer, ReadOnlySpan<float> values)
    {
        writer.Write(values.Length);
        foreach (float value in values)
        {
            writer.Write((Half)value);
        }
    }

    public static float[] ReadHalves(this BinaryReader reader) => [.. MemoryMarshal.Cast<byte, Half>(reader.ReadExactly(2)).ToArray().Select(h => (float)h)];

    public static void WriteBytes(this BinaryWriter writer, ReadOnlySpan<byte> values)
    {
        writer.Write(values.Length);
        writer.Write(values);
    }

    public static byte[] ReadByteArray(this BinaryReader reader) => reader.ReadExactly(1);

    private static byte[] ReadExactly(this BinaryReader reader, int size)
    {
        int count = reader.ReadInt32();
        if (count is < 0 or > Most)
        {
            throw new CodecFormatException($"A codec's array of {count} numbers is beyond the limit of {Most}.");
        }
        byte[] bytes = reader.ReadBytes(count * size);
        return bytes.Length == count * size ? bytes : throw new EndOfStreamException($"An array of {count} numbers ends early.");
    }
}
