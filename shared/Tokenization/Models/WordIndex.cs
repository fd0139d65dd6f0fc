using System.Numerics;
using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// Texts found by content, each with a byte of what became known about it. A short one lies in its slot with all that is asked for, so that a look-up is one cache line;
/// the others are found by hash. Filled once, then read by any number of threads.
/// </summary>
internal sealed class WordIndex
{
    private readonly SpanIndex _long;
    private readonly byte[] _longKnown;
    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="text">All texts; entry i is the part that starts at <paramref name="starts"/>[i] and has <paramref name="lengths"/>[i] chars.</param>
    /// <param name="starts">Of each entry.</param>
    /// <param name="lengths">Of each entry; negative: the entry is not there.</param>
    public WordIndex(char[] text, int[] starts, int[] lengths)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, starts.Length * 3 / 2));
        (_slots, _shift, _longKnown) = (new Slot[size], 64 - BitOperations.Log2((uint)size), new byte[starts.Length]);
        int[] longLengths = [.. lengths];
        for (int entry = 0; entry < starts.Length; entry++)
        {
            if (lengths[entry] >= 0 && WordKey.Of(text.AsSpan(starts[entry], lengths[entry])) is { Tag: not 0 } key)
            {
                Find(key) = new Slot { Key = key, Entry = entry };
                longLengths[entry] = -1;
            }
        }
        _long = new SpanIndex(text, starts, longLengths);
    }

    /// <summary>The entry with this text, the last of several; -1 when there is none.</summary>
    /// <param name="text">What is sought.</param>
    /// <param name="key">Its key.</param>
    /// <param name="known">What <see cref="Keep"/> was told last; 0 at first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ReadOnlySpan<char> text, WordKey key, out byte known)
    {
        if (key.Tag == 0)
        {
            return FindLong(text, out known);
        }
        ref Slot slot = ref Find(key);
        known = slot.Known;
        return slot.Key.Tag == 0 ? -1 : slot.Entry;
    }

    /// <summary>The entry with this text, the last of several; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<char> text) => Find(text, WordKey.Of(text), out _);

    /// <summary>Keeps a byte for an entry that was found; threads that keep something for one entry have to keep the same.</summary>
    public void Keep(int entry, WordKey key, byte known)
    {
        if (key.Tag == 0)
        {
            _longKnown[entry] = known;
        }
        else
        {
            Find(key).Known = known;
        }
    }

    private int FindLong(ReadOnlySpan<char> text, out byte known)
    {
        int entry = _long.Find(text);
        known = entry < 0 ? (byte)0 : _longKnown[entry];
        return entry;
    }

    /// <summary>The slot of a key, or the empty one where it would be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Slot Find(WordKey key)
    {
        Slot[] slots = _slots;
        for (uint at = (uint)(key.Hash >> _shift); ; at++)
        {
            ref Slot slot = ref slots[(int)(at & (uint)(slots.Length - 1))];
            if (slot.Key.Tag == 0 || slot.Key.Low == key.Low && slot.Key.High == key.High && slot.Key.Tag == key.Tag)
            {
                return ref slot;
            }
        }
    }

    /// <summary>32 bytes with padding: two to a cache line.</summary>
    private struct Slot
    {
        public WordKey Key;
        public int Entry;
        public byte Known;
    }
}
