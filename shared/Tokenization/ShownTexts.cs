namespace Retrieval.Tokenization;

/// <summary>What tokens show where it is not the vocabulary's spelling: added tokens with the white space they swallowed, and the text of Unigram's unknown.</summary>
internal sealed class ShownTexts
{
    private readonly List<(int Token, int Start, int Length)> _entries = [];
    private readonly TextBuffer _text = new();
    private int _at;

    /// <summary>Texts are kept only where somebody will look at them.</summary>
    public bool IsWanted { get; set; }

    public void Clear()
    {
        Restart();
        IsWanted = false;
    }

    /// <summary>Forgets the texts.</summary>
    public void Restart()
    {
        _entries.Clear();
        _text.Clear();
        _at = 0;
    }

    /// <summary>Notes the text of a token; tokens come in order.</summary>
    public void Add(int token, ReadOnlySpan<char> text)
    {
        if (IsWanted)
        {
            _entries.Add((token, _text.Length, text.Length));
            _text.Take(text.Length, out Span<char> room, out _, out _);
            text.CopyTo(room);
        }
    }

    /// <summary>The text noted for a token, if any; asked for in order of the tokens.</summary>
    public bool TryNext(int token, out ReadOnlySpan<char> text)
    {
        while (_at < _entries.Count && _entries[_at].Token < token)
        {
            _at++;
        }
        bool found = _at < _entries.Count && _entries[_at].Token == token;
        text = found ? _text.Text.Slice(_entries[_at].Start, _entries[_at].Length) : default;
        return found;
    }
}
