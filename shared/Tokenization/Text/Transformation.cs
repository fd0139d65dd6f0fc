namespace Retrieval.Tokenization;

/// <summary>
/// Rewrites a text code point by code point, as the reference library does it, so that the places come out the same. Each code point put out says what it does to the source:
/// 0 replaces the next code point of the source; -n replaces the next and swallows n more (it has the place of the first only); +1 is added, and has the place of
/// the code point of the source before it, the last one swallowed included (the beginning of the text where there is none).
/// </summary>
internal ref struct Transformation(AlignedText source, TextBuffer output)
{
    private readonly AlignedText _source = source;
    private int _at;

    /// <summary>Swallows code points of the source before the first one is put out.</summary>
    public void Skip(int codePoints)
    {
        for (; codePoints > 0 && _at < _source.Length; codePoints--)
        {
            Step();
        }
    }

    /// <summary>Puts a code point out.</summary>
    public void Put(int codePoint, int change)
    {
        if (change > 0)
        {
            (int start, int end) = _at == 0 ? (_source.Start(0), _source.Start(0)) : (_source.Start(_at - 1), _source.End(_at - 1));
            output.AppendCodePoint(codePoint, start, end);
            return;
        }
        output.AppendCodePoint(codePoint, _source.Start(_at), _source.End(_at));
        Step();
        Skip(-change);
    }

    private void Step()
    {
        _source.CodePoint(_at, out int length);
        _at += length;
    }
}
