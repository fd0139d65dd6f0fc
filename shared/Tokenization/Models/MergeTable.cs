using System.Numerics;
using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>What two neighbouring symbols become: pair of ids to rank and new id, in an open-addressed table of 16 bytes a slot. Filled once, then read by any number of threads.</summary>
internal sealed class MergeTable
{
    /// <summary>Rank of a pair that does not merge.</summary>
    public const int Never = int.MaxValue;

    private const ulong Spread = 0x9E3779B97F4A7C15;

    private readonly (ulong Key, int Rank, int Id)[] _slots;
    private readonly int _shift;

    public MergeTable(int merges)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, merges * 2));
        _slots = new (ulong, int, int)[size];
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>Sets what a pair becomes; a later rank of the same pair replaces the earlier one.</summary>
    public void Add(int left, int right, int rank, int id)
    {
        ulong key = Key(left, right);
        int at = (int)(key * Spread >> _shift);
        for (; _slots[at].Key != 0 && _slots[at].Key != key; at = at + 1 & _slots.Length - 1)
        {
        }
        _slots[at] = (key, rank, id);
    }

    /// <summary>Rank of a pair, lower goes first; <see cref="Never"/> when it does not merge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int left, int right, out int id)
    {
        ulong key = Key(left, right);
        (ulong Key, int Rank, int Id)[] slots = _slots;
        for (uint at = (uint)(key * Spread >> _shift); ; at++)
        {
            ref readonly (ulong Key, int Rank, int Id) slot = ref slots[(int)(at & (uint)(slots.Length - 1))];
            if (slot.Key == key)
            {
                id = slot.Id;
                return slot.Rank;
            }
            if (slot.Key == 0)
            {
                id = -1;
                return Never;
            }
        }
    }

    // Plus one, so that no key is 0.
    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32 | (uint)right) + 1;
}
