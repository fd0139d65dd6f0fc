namespace Retrieval.Tokenization;

/// <summary>Parts of the text at hand: each still to be tokenized, or an added token already. Owned by one call at a time and used again.</summary>
internal sealed class PieceList
{
    private int[] _starts = new int[64], _ends = new int[64], _tokens = new int[64];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>Id of the added token that a piece is; -1 for text.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Appends a piece of text; an empty one is none.</summary>
    public void Add(int start, int end)
    {
        if (end > start)
        {
            Add(start, end, -1);
        }
    }

    /// <summary>Appends a piece that is an added token, or text when the token is -1.</summary>
    public void Add(int start, int end, int token)
    {
        int at = Count;
        if ((uint)at >= (uint)_starts.Length)
        {
            Array.Resize(ref _starts, at * 2);
            Array.Resize(ref _ends, at * 2);
            Array.Resize(ref _tokens, at * 2);
        }
        (_starts[at], _ends[at], _tokens[at]) = (start, end, token);
        Count = at + 1;
    }
}

/// <summary>Takes the pieces that one piece is split into, by their place in it.</summary>
internal readonly struct PieceSink(PieceList pieces, int origin)
{
    public void Add(int start, int end) => pieces.Add(origin + start, origin + end);
}
