using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retrieval.Contracts;

/// <summary>Ids of chunks: the same content position always has the same id.</summary>
public static class ChunkId
{
    /// <summary>UUIDv8 (RFC 9562) over SHA-256 of collection, document, generation and ordinal.</summary>
    public static Guid Of(string collection, string document, long generation, int ordinal)
    {
        // Lengths first, so that ("ab", "c") and ("a", "bc") differ.
        byte[] c = Encoding.UTF8.GetBytes(collection), d = Encoding.UTF8.GetBytes(document);
        byte[] input = new byte[4 + c.Length + 4 + d.Length + 8 + 4];
        BinaryPrimitives.WriteInt32BigEndian(input, c.Length);
        c.CopyTo(input, 4);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(4 + c.Length), d.Length);
        d.CopyTo(input, 8 + c.Length);
        BinaryPrimitives.WriteInt64BigEndian(input.AsSpan(8 + c.Length + d.Length), generation);
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(16 + c.Length + d.Length), ordinal);

        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}

/// <summary>Key under which a vector may be used again: SHA-256 of the space and the exact text that was encoded.</summary>
public static class ReuseKey
{
    /// <summary>32 bytes.</summary>
    public static byte[] Of(string space, string encodedText) => SHA256.HashData(Encoding.UTF8.GetBytes($"{space}\n{encodedText}"));
}

/// <summary>Ids of jobs: UUIDv7, so that they sort by the time of acceptance.</summary>
public static class JobId
{
    /// <summary>A new id at the clock's present time.</summary>
    public static Guid New(TimeProvider time) => Guid.CreateVersion7(time.GetUtcNow());
}
