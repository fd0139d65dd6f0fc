using System.Buffers.Binary;

namespace Retrieval.Tokenization;

/// <summary>
/// sentencepiece's precompiled_charsmap: a double-array trie (Aoe 1989, in the layout of Darts-clone) from UTF-8 bytes to places in a block of replacements
/// that end with a zero byte. Layout: 4 bytes length of the trie in bytes, the trie as 32-bit units, the block; all little-endian.
/// </summary>
internal sealed class Charsmap
{
    private readonly uint[] _units;
    private readonly Dictionary<int, string> _replacements = [];

    private Charsmap(uint[] units) => _units = units;

    public static Charsmap Read(JsonNodeReader node)
    {
        byte[] bytes = Bytes(node);
        long size = bytes.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : -1;
        if (size < 4 || size % 4 != 0 || size > bytes.Length - 4)
        {
            throw node.Wrong($"expected a charsmap: the length of a trie (a multiple of 4, at most {Math.Max(0, bytes.Length - 4)} here), the trie, and replacements; the length is {size}");
        }
        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 + i * 4));
        }
        Charsmap map = new(units);
        map.ReadReplacements(node, bytes.AsSpan(4 + (int)size));
        return map;
    }

    /// <summary>What a text begins with in the map: the replacement of its SHORTEST prefix there, as the reference takes it; null when there is none.</summary>
    public string? Replacement(ReadOnlySpan<byte> utf8)
    {
        uint node = Offset(_units[0]);
        foreach (byte b in utf8)
        {
            node ^= b;
            if (node >= (uint)_units.Length)
            {
                return null;
            }
            uint unit = _units[node];
            if ((unit & 0x800000FF) != b)
            {
                return null;
            }
            node ^= Offset(unit);
            if ((unit >> 8 & 1) != 0)
            {
                return node < (uint)_units.Length ? _replacements.GetValueOrDefault((int)(_units[node] & 0x7FFFFFFF)) : null;
            }
        }
        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1 << 9) >> 6);

    private static byte[] Bytes(JsonNodeReader node)
    {
        try
        {
            return Convert.FromBase64String(node.String());
        }
        catch (FormatException)
        {
            throw node.Wrong("expected base64");
        }
    }

    // A value of the trie may point into the middle of a replacement, so every value is read from its own place.
    private void ReadReplacements(JsonNodeReader node, ReadOnlySpan<byte> block)
    {
        foreach (uint unit in _units)
        {
            int at = (int)(unit & 0x7FFFFFFF);
            if ((unit & 0x80000000) != 0 && at < block.Length && !_replacements.ContainsKey(at))
            {
                int length = block[at..].IndexOf((byte)0);
                if (length >= 0 && System.Text.Unicode.Utf8.IsValid(block.Slice(at, length)))
                {
                    _replacements[at] = System.Text.Encoding.UTF8.GetString(block.Slice(at, length));
                }
            }
        }
        if (_replacements.Count == 0 && block.Length > 0)
        {
            throw node.Wrong("expected a charsmap whose trie points to its replacements");
        }
    }
}
