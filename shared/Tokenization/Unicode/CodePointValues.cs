using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Retrieval.Tokenization;

/// <summary>A small number for every code point, 0 where none was given: two loads.</summary>
internal sealed class CodePointValues
{
    private readonly ushort[] _pages = new ushort[CodePointRanges.Limit >> 8];
    private readonly byte[] _values;

    public CodePointValues(IEnumerable<(byte Value, CodePointRanges Ranges)> parts)
    {
        byte[] all = new byte[CodePointRanges.Limit];
        foreach ((byte value, CodePointRanges ranges) in parts)
        {
            for (int i = 0; i < ranges.Turns.Length; i += 2)
            {
                all.AsSpan(ranges.Turns[i]..ranges.Turns[i + 1]).Fill(value);
            }
        }
        List<byte> values = [];
        Dictionary<string, ushort> known = [];
        for (int page = 0; page < _pages.Length; page++)
        {
            ReadOnlySpan<byte> of = all.AsSpan(page << 8, 256);
            if (page > 0 && of.SequenceEqual(all.AsSpan(page - 1 << 8, 256)))
            {
                _pages[page] = _pages[page - 1]; // most pages are like the one before
                continue;
            }
            string key = new(MemoryMarshal.Cast<byte, char>(of));
            if (!known.TryGetValue(key, out _pages[page]))
            {
                known[key] = _pages[page] = (ushort)(values.Count >> 8);
                values.AddRange(of);
            }
        }
        _values = [.. values];
    }

    public byte this[int codePoint]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _values[(_pages[codePoint >> 8] << 8) + (codePoint & 255)];
    }
}
