using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Retrieval.Onnx;

/// <summary>The largest magnitude of each channel of the activations that meet weights, over a calibration text.</summary>
/// <param name="channels">By the tensor's name; one number a channel.</param>
public sealed class ActivationRanges(IReadOnlyDictionary<string, float[]> channels)
{
    /// <summary>By the tensor's name; one number a channel.</summary>
    public IReadOnlyDictionary<string, float[]> Channels { get; } = channels;

    /// <summary>Tells them from those of another text or model: 16 hex digits.</summary>
    public string Id { get; } = Hash(channels);

    private static string Hash(IReadOnlyDictionary<string, float[]> channels)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string tensor, float[] values) in channels.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(tensor + "\0"));
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
