using System.Numerics;

namespace Retrieval.Vectors;

/// <summary>One bit a row.</summary>
public sealed class RowBitmap
{
    private readonly ulong[] _words;

    /// <summary>All rows off.</summary>
    public RowBitmap(int rows) => (Rows, _words) = (rows, new ulong[(rows + 63) / 64]);

    /// <summary>Rows that it speaks of.</summary>
    public int Rows { get; }

    /// <summary>64 rows a word, the first in the lowest bit; bits behind the last row are off.</summary>
    public ReadOnlySpan<ulong> Words => _words;

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

    /// <summary>Turns rows that follow each other on or off.</summary>
    public void SetRange(int first, int rows, bool on = true)
    {
        for (int i = first; i < first + rows; i++)
        {
            this[i] = on;
        }
    }

    /// <summary>Rows that are on.</summary>
    public int Count()
    {
        int count = 0;
        foreach (ulong word in _words)
        {
            count += BitOperations.PopCount(word);
        }
        return count;
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

    /// <summary>A copy.</summary>
    public RowBitmap Copy() => Grown(Rows);

    /// <summary>Leaves on what is on in both; itself.</summary>
    public RowBitmap And(RowBitmap other)
    {
        RequireEqual(other);
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] &= other._words[i];
        }
        return this;
    }

    /// <summary>Turns on what is on in the other; itself.</summary>
    public RowBitmap Or(RowBitmap other)
    {
        RequireEqual(other);
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] |= other._words[i];
        }
        return this;
    }

    /// <summary>Turns every row round; itself.</summary>
    public RowBitmap Invert()
    {
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] = ~_words[i];
        }
        if (Rows % 64 != 0)
        {
            _words[^1] &= (1UL << Rows) - 1;
        }
        return this;
    }

    private void RequireEqual(RowBitmap other) => ArgumentOutOfRangeException.ThrowIfNotEqual(other.Rows, Rows, nameof(other));
}
