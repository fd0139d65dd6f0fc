using System.Buffers.Binary;

namespace Retrieval.Encoder;

/// <summary>A vector as base64 of its float32 numbers, little-endian.</summary>
internal static class Base64Floats
{
    public static string Of(ReadOnlySpan<float> vector)
    {
        byte[] bytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        }
        return Convert.ToBase64String(bytes);
    }
}
