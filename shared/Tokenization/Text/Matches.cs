namespace Retrieval.Tokenization;

/// <summary>
/// All matches of a pattern from left to right, without overlap. As in the onig crate's find_iter, an empty match right at the end of the match before it
/// does not count: the search goes on one code point further.
/// </summary>
internal ref struct Matches(TextPattern pattern, ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _from, _lastEnd = -1;

    public bool Next(out int start, out int end)
    {
        while (_from <= _text.Length && pattern.Find(_text, _from, out start, out end))
        {
            if (start != end || end != _lastEnd)
            {
                _from = _lastEnd = end;
                return true;
            }
            _from += _from < _text.Length && char.IsHighSurrogate(_text[_from]) ? 2 : 1;
        }
        start = end = 0;
        return false;
    }
}
