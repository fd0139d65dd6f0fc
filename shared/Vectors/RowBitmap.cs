namespace Retrieval.Vectors;

/// <summary>One bit a row.</summary>
public sealed class RowBitmap
{
    private readonly ulong[] _words;

    /// <summary>All rows off.</summary>
    public RowBitmap(int rows) => (Rows, _words) = (rows, new ulong[(rows + 63) / 64]);

    /// <summary>Rows that it speaks of.</summary>
    public int Rows { get; }

    /// <summary>Whether a row is on; rows beyond the end are off and cannot be set.</summary>
    public bool this[int row]
    {
        get => (uint)row < (uint)Rows && (_words[row >> 6] >> row & 1) != 0;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            _words[row >> 6] = value ? _words[row >> 6] | 1UL << row : _words[row >> 6] & ~(1UL << row);
        }
    }

    /// <summary>32 rows at once, the first in the lowest bit; rows beyond the end are off.</summary>
    /// <param name="row">The first, a multiple of 32.</param>
    public uint Word32(int row) => (uint)row < (uint)Rows ? (uint)(_words[row >> 6] >> (row & 32)) : 0;

    /// <summary>A copy with room for more rows, which are off.</summary>
    public RowBitmap Grown(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, Rows);
        RowBitmap grown = new(rows);
        _words.CopyTo(grown._words, 0);
        return grown;
    }
}
