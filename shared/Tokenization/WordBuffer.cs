namespace Retrieval.Tokenization;

/// <summary>The normalised characters of the word at hand, each with the place in the source that it came from. One a thread, used again and again.</summary>
internal sealed class WordBuffer
{
    [ThreadStatic]
    private static WordBuffer? t_mine;

    private char[] _text = new char[128];
    private int[] _starts = new int[128], _ends = new int[128];
    private int _length;

    /// <summary>The buffer of this thread, empty.</summary>
    public static WordBuffer Rent()
    {
        WordBuffer buffer = t_mine ??= new WordBuffer();
        buffer.Clear();
        return buffer;
    }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Code points of the word, those that were not kept included.</summary>
    public int CodePoints { get; private set; }

    /// <summary>Place of the word in the source.</summary>
    public int Start { get; private set; }

    public int End { get; private set; }

    public int SourceStart(int index) => _starts[index];

    public int SourceEnd(int index) => _ends[index];

    public void Clear() => (_length, CodePoints) = (0, 0);

    /// <summary>Appends a code point that came from the source between two indexes. Beyond <paramref name="keep"/> only its place counts: such a word is unknown anyway.</summary>
    public void Append(int codePoint, int start, int end, int keep)
    {
        if (CodePoints++ == 0)
        {
            Start = start;
        }
        End = end;
        if (CodePoints > keep)
        {
            return;
        }
        if (_length + 2 > _text.Length)
        {
            Array.Resize(ref _text, _text.Length * 2);
            Array.Resize(ref _starts, _text.Length);
            Array.Resize(ref _ends, _text.Length);
        }
        if (codePoint < 0x10000)
        {
            Put((char)codePoint, start, end);
        }
        else
        {
            Put((char)(0xD800 + (codePoint - 0x10000 >> 10)), start, end);
            Put((char)(0xDC00 + (codePoint - 0x10000 & 0x3FF)), start, end);
        }
    }

    private void Put(char c, int start, int end)
    {
        (_text[_length], _starts[_length], _ends[_length]) = (c, start, end);
        _length++;
    }
}
