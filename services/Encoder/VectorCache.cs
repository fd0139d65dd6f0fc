using System.Security.Cryptography;

namespace Retrieval.Encoder;

/// <summary>Names a vector: what computes it, the exact text and what stands around it. SHA-256, since a collision that somebody can make would hand out another text's vector.</summary>
internal readonly record struct VectorKey(UInt128 High, UInt128 Low)
{
    /// <summary>Lengths keep a template apart from a text of the same letters: where one ends decides what is cut, left out or overwritten.</summary>
    public static VectorKey Of(string variant, int leftOut, TextTemplate template, string text)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes($"{variant.Length}\n{variant}\n{leftOut}\n{template.Before.Length}\n{template.After.Length}\n".AsSpan()));
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(template.Before.AsSpan()));
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(template.After.AsSpan()));
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return new VectorKey(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes), System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]));
    }
}

/// <summary>A vector that was computed before.</summary>
/// <param name="Vector">Nobody else's: copied in and out.</param>
/// <param name="Tokens">Read of the text.</param>
/// <param name="IsCut">The text was longer than the model reads, so that a request that forbids this must not be answered with it.</param>
internal sealed record KeptVector(float[] Vector, int Tokens, bool IsCut);

/// <summary>The vectors that were used last, within a number of bytes.</summary>
internal sealed class VectorCache(long mostBytes)
{
    // Key, record, array, list node and its share of the table, measured on 100,000 entries.
    private const int Overhead = 280;

    private readonly Lock _lock = new();
    private readonly Dictionary<VectorKey, LinkedListNode<(VectorKey Key, KeptVector Kept)>> _byKey = [];
    private readonly LinkedList<(VectorKey Key, KeptVector Kept)> _byUse = new();

    /// <summary>False when nothing is kept at all.</summary>
    public bool IsOn => mostBytes > 0;

    /// <summary>Of everything that is kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>A kept vector, as a copy; null when there is none.</summary>
    public KeptVector? Find(VectorKey key, bool mayBeCut)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out LinkedListNode<(VectorKey, KeptVector Kept)>? node) || (node.Value.Kept.IsCut && !mayBeCut))
            {
                return null;
            }
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Kept with { Vector = [.. node.Value.Kept.Vector] };
        }
    }

    /// <summary>Keeps a copy; the vectors that were not used for longest go.</summary>
    public void Add(VectorKey key, KeptVector vector)
    {
        if (Size(vector) > mostBytes)
        {
            return;
        }
        LinkedListNode<(VectorKey, KeptVector)> node = new((key, vector with { Vector = [.. vector.Vector] }));
        lock (_lock)
        {
            if (!_byKey.TryAdd(key, node))
            {
                return;
            }
            _byUse.AddFirst(node);
            Bytes += Size(vector);
            while (Bytes > mostBytes)
            {
                (VectorKey oldest, KeptVector gone) = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _byKey.Remove(oldest);
                Bytes -= Size(gone);
            }
        }
    }

    private static long Size(KeptVector vector) => (long)vector.Vector.Length * sizeof(float) + Overhead;
}
