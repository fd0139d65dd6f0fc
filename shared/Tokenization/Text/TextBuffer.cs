using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>
/// A growing text with the place of each char in the original, or the original itself without tables. Owned by one call at a time and used again: it allocates
/// only while it grows.
/// </summary>
internal sealed class TextBuffer
{
    private char[] _text = new char[256];
    private int[] _starts = new int[256], _ends = new int[256];

    public int Length { get; private set; }

    /// <summary>Holds the original text itself.</summary>
    public bool IsOriginal { get; private set; }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, Length);

    /// <summary>What is in it now; stale once the buffer changes.</summary>
    public AlignedText View => IsOriginal ? new(_text.AsSpan(0, Length), 0) : new(_text.AsSpan(0, Length), _starts, _ends);

    public void Clear() => (Length, IsOriginal) = (0, false);

    /// <summary>Takes a copy of the original; each half of a surrogate pair that stands alone becomes U+FFFD.</summary>
    public void SetOriginal(ReadOnlySpan<char> text)
    {
        (Length, IsOriginal) = (0, true);
        if (text.Length > _text.Length)
        {
            _text = new char[Math.Max(text.Length, _text.Length * 2)];
        }
        text.CopyTo(_text);
        Length = text.Length;
        Repair(_text.AsSpan(0, Length));
    }

    private static void Repair(Span<char> text)
    {
        for (int i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length;)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i += 2;
            }
            else
            {
                text[i++] = '\uFFFD';
            }
            int next = text[i..].IndexOfAnyInRange('\uD800', '\uDFFF');
            i = next < 0 ? -1 : i + next;
        }
    }

    /// <summary>Forgets everything from an index on.</summary>
    public void CutAt(int length) => Length = length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(char c, int start, int end)
    {
        int at = Length;
        if ((uint)at >= (uint)_starts.Length)
        {
            Grow(1);
        }
        (_text[at], _starts[at], _ends[at]) = (c, start, end);
        Length = at + 1;
    }

    public void AppendCodePoint(int codePoint, int start, int end)
    {
        if (codePoint < 0x10000)
        {
            Append((char)codePoint, start, end);
            return;
        }
        Append((char)(0xD800 + (codePoint - 0x10000 >> 10)), start, end);
        Append((char)(0xDC00 + (codePoint - 0x10000 & 0x3FF)), start, end);
    }

    /// <summary>Appends a part of another text with its places.</summary>
    public void Append(AlignedText text)
    {
        Reserve(text.Length);
        text.Text.CopyTo(_text.AsSpan(Length));
        for (int i = 0; i < text.Length; i++)
        {
            (_starts[Length + i], _ends[Length + i]) = (text.Start(i), text.End(i));
        }
        Length += text.Length;
    }

    /// <summary>Room for chars to be written in place: texts, starts and ends of the same length, all of which the caller fills.</summary>
    public void Take(int count, out Span<char> text, out Span<int> starts, out Span<int> ends)
    {
        Reserve(count);
        text = _text.AsSpan(Length, count);
        starts = _starts.AsSpan(Length, count);
        ends = _ends.AsSpan(Length, count);
        Length += count;
    }

    private void Reserve(int count)
    {
        if (Length + count > _starts.Length)
        {
            Grow(count);
        }
    }

    private void Grow(int count)
    {
        int size = Math.Max(_starts.Length * 2, Length + count);
        if (size > _text.Length)
        {
            Array.Resize(ref _text, size);
        }
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
    }
}
