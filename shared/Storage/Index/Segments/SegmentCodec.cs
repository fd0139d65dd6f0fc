using System.Buffers.Binary;
using System.Text;
using Retrieval.Vectors.Codecs;

namespace Retrieval.Storage;

/// <summary>A codec with the words that asked for it, by which it is known whether it is still the one that is wanted.</summary>
/// <param name="Wanted">As in the collection's setting.</param>
/// <param name="Codec">Trained.</param>
internal sealed record SegmentCodec(string Wanted, Codec Codec)
{
    /// <summary>As it stands in a file.</summary>
    public byte[] Write()
    {
        byte[] wanted = Encoding.UTF8.GetBytes(Wanted), length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, wanted.Length);
        return [.. length, .. wanted, .. Codec.ToBytes()];
    }

    /// <summary>From a file.</summary>
    /// <exception cref="SegmentException">A codec of a newer version, or one that is not whole.</exception>
    public static SegmentCodec Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            return new SegmentCodec(Encoding.UTF8.GetString(bytes.Slice(sizeof(int), length)), Codec.Read(bytes[(sizeof(int) + length)..]));
        }
        catch (Exception e) when (e is CodecFormatException or ArgumentOutOfRangeException)
        {
            throw new SegmentException($"its codec cannot be used: {e.Message}");
        }
    }
}
