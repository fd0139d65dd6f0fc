using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>A growing list of tokens: id, start, and end. Owned by one call at a time and used again: it allocates only while it grows.</summary>
internal sealed class TokenBuffer
{
    private int[] _ids = new int[256], _starts = new int[256], _ends = new int[256];

    public int Count { get; private set; }

    public Span<int> Ids => _ids.AsSpan(0, Count);

    public Span<int> Starts => _starts.AsSpan(0, Count);

    public Span<int> Ends => _ends.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Forgets tokens from an index on.</summary>
    public void CutAt(int count) => Count = count;

    /// <summary>Appends a token of the piece at hand, at a char of that piece.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int id, int start, int length)
    {
        int at = Count;
        if ((uint)at >= (uint)_ids.Length)
        {
            Grow();
        }
        (_ids[at], _starts[at], _ends[at]) = (id, start, start + length);
        Count = at + 1;
    }

    private void Grow()
    {
        Array.Resize(ref _ids, _ids.Length * 2);
        Array.Resize(ref _starts, _ids.Length);
        Array.Resize(ref _ends, _ids.Length);
    }
}
