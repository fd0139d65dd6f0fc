using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retrieval.Vectors.Codecs;

/// <summary>"RVCD", version (u16), kind (length-prefixed UTF-8), body, then the first eight bytes of the SHA-256 of all that; little-endian.</summary>
internal static class CodecFormat
{
    /// <summary>The version that is written.</summary>
    public const ushort Version = 1;

    private const int ChecksumBytes = 8, HeadBytes = 6;
    private static readonly byte[] Magic = "RVCD"u8.ToArray();

    /// <summary>Serialises.</summary>
    public static byte[] Write(Codec codec)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(codec.Kind);
        codec.WriteBody(writer);
        writer.Write(Checksum(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        return stream.ToArray();
    }

    /// <summary>Reads and checks.</summary>
    public static Codec Read(ReadOnlySpan<byte> bytes)
    {
        RequireWhole(bytes);
        using BinaryReader reader = new(new MemoryStream(bytes[HeadBytes..^ChecksumBytes].ToArray()), Encoding.UTF8);
        try
        {
            string kind = reader.ReadString();
            Codec codec = CodecKind.Find(kind)?.Read(reader)
                ?? throw new CodecFormatException($"Codec kind {kind} is not known; known are {string.Join(", ", CodecSpec.Kinds)}.");
            return reader.BaseStream.Position == reader.BaseStream.Length ? codec
                : throw new CodecFormatException($"Codec {kind} ends {reader.BaseStream.Length - reader.BaseStream.Position} bytes before its bytes do.");
        }
        catch (Exception e) when (e is IOException or ArgumentException or OverflowException)
        {
            throw new CodecFormatException($"The codec's body cannot be read: {e.Message}");
        }
    }

    private static void RequireWhole(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes + ChecksumBytes || !bytes.StartsWith(Magic))
        {
            throw new CodecFormatException($"{bytes.Length} bytes are not a codec: they do not begin with RVCD.");
        }
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[Magic.Length..]);
        if (version is 0 or > Version)
        {
            throw new CodecFormatException($"The codec is of format version {version}; this program reads up to {Version}. Use the program that wrote it, or train anew.");
        }
        if (!Checksum(bytes[..^ChecksumBytes]).SequenceEqual(bytes[^ChecksumBytes..]))
        {
            throw new CodecFormatException("The codec's checksum does not match: its bytes are damaged. Train it anew from the stored vectors.");
        }
    }

    private static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes).AsSpan(0, ChecksumBytes);
}
