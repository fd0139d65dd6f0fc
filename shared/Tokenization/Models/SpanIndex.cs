using System.Numerics;

namespace Retrieval.Tokenization;

/// <summary>
/// Texts of one array, found by content: an open-addressed table whose slots carry half of the hash and the entry, so that a wrong slot is passed over
/// without looking at its text. Filled once, then read by any number of threads.
/// </summary>
internal sealed class SpanIndex
{
    private readonly char[] _text;
    private readonly int[] _starts, _lengths;
    private readonly ulong[] _slots;
    private readonly int _longest;

    /// <param name="text">All texts; entry i is the part that starts at <paramref name="starts"/>[i] and has <paramref name="lengths"/>[i] chars.</param>
    /// <param name="starts">Of each entry.</param>
    /// <param name="lengths">Of each entry; negative: the entry is not there.</param>
    public SpanIndex(char[] text, int[] starts, int[] lengths)
    {
        (_text, _starts, _lengths) = (text, starts, lengths);
        _longest = lengths.DefaultIfEmpty(-1).Max();
        _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, lengths.Count(l => l >= 0) * 2))];
        for (int entry = 0; entry < starts.Length; entry++)
        {
            if (lengths[entry] >= 0)
            {
                Add(entry);
            }
        }
    }

    /// <summary>The entry with this text, the last of several; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<char> text)
    {
        if (text.Length > _longest)
        {
            return -1;
        }
        ulong hash = SpanHash.Of(text);
        ulong[] slots = _slots;
        for (uint at = (uint)hash; ; at++)
        {
            ulong slot = slots[(int)(at & (uint)(slots.Length - 1))];
            if (slot == 0)
            {
                return -1;
            }
            if ((slot ^ hash) >> 32 == 0 && Is((int)(uint)slot - 1, text))
            {
                return (int)(uint)slot - 1;
            }
        }
    }

    private bool Is(int entry, ReadOnlySpan<char> text) => _lengths[entry] == text.Length && text.SequenceEqual(_text.AsSpan(_starts[entry], text.Length));

    private void Add(int entry)
    {
        ReadOnlySpan<char> text = _text.AsSpan(_starts[entry], _lengths[entry]);
        ulong hash = SpanHash.Of(text);
        uint at = (uint)hash & (uint)(_slots.Length - 1);
        for (; _slots[at] != 0; at = at + 1 & (uint)(_slots.Length - 1))
        {
            if ((_slots[at] ^ hash) >> 32 == 0 && Is((int)(uint)_slots[at] - 1, text))
            {
                break;
            }
        }
        _slots[at] = hash >> 32 << 32 | (uint)(entry + 1);
    }
}
