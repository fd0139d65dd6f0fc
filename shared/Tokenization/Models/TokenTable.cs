namespace Retrieval.Tokenization;

/// <summary>The tokens of a vocabulary: their texts in one array, found by id and by text. Immutable.</summary>
internal sealed class TokenTable
{
    private readonly char[] _text;
    private readonly int[] _starts, _lengths;
    private readonly WordIndex _index;

    /// <param name="text">All texts, one after another.</param>
    /// <param name="starts">Where the text of each id begins.</param>
    /// <param name="lengths">How many chars it has; -1 for an id without a token.</param>
    public TokenTable(char[] text, int[] starts, int[] lengths)
    {
        (_text, _starts, _lengths) = (text, starts, lengths);
        _index = new WordIndex(text, starts, lengths);
        Count = lengths.Count(l => l >= 0);
        LongestLength = lengths.DefaultIfEmpty(0).Max();
    }

    /// <summary>Tokens.</summary>
    public int Count { get; }

    /// <summary>Highest id plus one.</summary>
    public int Limit => _starts.Length;

    /// <summary>Chars of the longest token.</summary>
    public int LongestLength { get; }

    /// <summary>All texts, for those that make an index of their own over them.</summary>
    public char[] Text => _text;

    public ReadOnlySpan<char> this[int id] => _text.AsSpan(_starts[id], _lengths[id]);

    public int Start(int id) => _starts[id];

    public int Length(int id) => _lengths[id];

    /// <summary>Whether an id has a token; any number may be asked for.</summary>
    public bool Has(int id) => (uint)id < (uint)_lengths.Length && _lengths[id] >= 0;

    /// <summary>Id of a token, the last one of several; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<char> token) => _index.Find(token);

    /// <summary>The same, with the token's key at hand, and what was kept for it.</summary>
    public int Find(ReadOnlySpan<char> token, WordKey key, out byte known) => _index.Find(token, key, out known);

    /// <summary>Keeps a byte for a token.</summary>
    public void Keep(int id, WordKey key, byte known) => _index.Keep(id, key, known);

    /// <summary>The token of an id; null when there is none.</summary>
    public string? Show(int id) => Has(id) ? new string(this[id]) : null;
}
