using System.Runtime.CompilerServices;

namespace Retrieval.Vectors.Graph;

/// <summary>A heap of scored rows in one 64-bit number each: the score in an order that integers have, then the row, so that equal scores have one order on every run.</summary>
internal struct ScoreHeap(long[] items)
{
    /// <summary>Number of items.</summary>
    public int Count { get; private set; }

    /// <summary>The smallest item.</summary>
    public readonly long Top => items[0];

    /// <summary>Larger scores are larger; of equal scores the lower row is larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Pack(float score, int row)
    {
        int bits = BitConverter.SingleToInt32Bits(score);
        return (long)(bits ^ (bits >> 31 & int.MaxValue)) << 32 | (uint)~row;
    }

    /// <summary>The row of an item.</summary>
    public static int Row(long item) => ~(int)item;

    /// <summary>The score of an item.</summary>
    public static float Score(long item)
    {
        int bits = (int)(item >> 32);
        return BitConverter.Int32BitsToSingle(bits ^ (bits >> 31 & int.MaxValue));
    }

    /// <summary>Adds an item; there has to be room.</summary>
    public void Push(long item)
    {
        int at = Count++;
        while (at > 0)
        {
            int parent = at - 1 >> 1;
            if (items[parent] <= item)
            {
                break;
            }
            items[at] = items[parent];
            at = parent;
        }
        items[at] = item;
    }

    /// <summary>Takes the smallest item.</summary>
    public long Pop()
    {
        long top = items[0];
        Count--;
        if (Count > 0)
        {
            Sink(items[Count]);
        }
        return top;
    }

    /// <summary>Puts an item in the place of the smallest.</summary>
    public readonly void ReplaceTop(long item) => Sink(item);

    /// <summary>The items, in no order.</summary>
    public readonly Span<long> Items => items.AsSpan(0, Count);

    private readonly void Sink(long item)
    {
        int at = 0;
        for (int child; (child = 2 * at + 1) < Count; at = child)
        {
            child += child + 1 < Count && items[child + 1] < items[child] ? 1 : 0;
            if (items[child] >= item)
            {
                break;
            }
            items[at] = items[child];
        }
        items[at] = item;
    }
}
