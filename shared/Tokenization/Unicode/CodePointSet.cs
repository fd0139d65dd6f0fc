using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Retrieval.Tokenization;

/// <summary>A set of code points that answers in two loads: which page of 256, then the bit. Pages that are alike are kept once.</summary>
internal sealed class CodePointSet
{
    private const int WordsAPage = 8;

    private readonly ushort[] _pages = new ushort[CodePointRanges.Limit >> 8];
    private readonly uint[] _bits;

    public CodePointSet(CodePointRanges ranges)
    {
        Ranges = ranges;
        List<uint> bits = [.. new uint[WordsAPage]];
        Dictionary<string, ushort> known = [];
        ReadOnlySpan<int> turns = ranges.Turns;
        uint[] words = new uint[WordsAPage];
        for (int page = 0, turn = 0; page < _pages.Length; page++)
        {
            Array.Clear(words);
            Fill(words, page << 8, turns, ref turn);
            if (page > 0 && words.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(bits).Slice(_pages[page - 1] * WordsAPage, WordsAPage)))
            {
                _pages[page] = _pages[page - 1]; // most pages are like the one before
            }
            else if (words.AsSpan().ContainsAnyExcept(0u) && !known.TryGetValue(Key(words), out _pages[page]))
            {
                known[Key(words)] = _pages[page] = (ushort)(bits.Count / WordsAPage);
                bits.AddRange(words);
            }
        }
        _bits = [.. bits];
    }

    public CodePointRanges Ranges { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(int codePoint) => (_bits[_pages[codePoint >> 8] * WordsAPage + (codePoint >> 5 & 7)] >> codePoint & 1) != 0;

    private static void Fill(uint[] words, int start, ReadOnlySpan<int> turns, ref int turn)
    {
        for (; turn < turns.Length && turns[turn] < start + 256; turn += 2)
        {
            if (turns[turn] <= start && turns[turn + 1] >= start + 256)
            {
                words.AsSpan().Fill(uint.MaxValue);
                return;
            }
            for (int c = Math.Max(turns[turn], start); c < Math.Min(turns[turn + 1], start + 256); c++)
            {
                words[c >> 5 & 7] |= 1u << c;
            }
            if (turns[turn + 1] > start + 256)
            {
                return;
            }
        }
    }

    private static string Key(ReadOnlySpan<uint> words) => new(MemoryMarshal.Cast<uint, char>(words));
}
