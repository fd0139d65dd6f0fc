using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>A mapping from a code point to one or more: two loads to where they stand in a common pool.</summary>
internal sealed class CodePointMap
{
    private readonly ushort[] _pages = new ushort[CodePointRanges.Limit >> 8];
    private readonly int[] _entries;
    private readonly int[] _pool;

    public CodePointMap(IReadOnlyDictionary<int, int[]> pairs)
    {
        List<int> entries = [.. new int[256]], pool = [];
        foreach ((int from, int[] to) in pairs.OrderBy(pair => pair.Key))
        {
            ref ushort page = ref _pages[from >> 8];
            if (page == 0)
            {
                page = (ushort)(entries.Count >> 8);
                entries.AddRange(new int[256]);
            }
            entries[(page << 8) + (from & 255)] = pool.Count << 5 | to.Length;
            pool.AddRange(to);
        }
        Sources = CodePointRanges.Of(pairs.Keys.Select(c => (c, c)));
        (_entries, _pool) = ([.. entries], [.. pool]);
    }

    /// <summary>The code points that do not stay.</summary>
    public CodePointRanges Sources { get; }

    /// <summary>What the code point becomes; empty when it stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<int> Find(int codePoint)
    {
        int entry = _entries[(_pages[codePoint >> 8] << 8) + (codePoint & 255)];
        return _pool.AsSpan(entry >> 5, entry & 31);
    }
}
