using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Retrieval.Tokenization;

/// <summary>
/// A growing text with the place of each char in the original. As long as all chars are where they were in the original it has no tables; they are made when the first char
/// comes that is not. Owned by one call at a time and used again: it allocates only while it grows.
/// </summary>
internal sealed class TextBuffer
{
    private char[] _text = new char[256];
    private int[] _starts = new int[256], _ends = new int[256];
    private int _origin;

    // Room for chars with places: none while there are no tables, so that one comparison finds out both.
    private int _room = 256;

    public int Length { get; private set; }

    /// <summary>Chars are where they were in the original.</summary>
    public bool IsInPlace { get; private set; }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, Length);

    /// <summary>What is in it now; stale once the buffer changes.</summary>
    public AlignedText View => IsInPlace ? new(_text.AsSpan(0, Length), _origin) : new(_text.AsSpan(0, Length), _starts, _ends);

    public void Clear() => (Length, IsInPlace, _room) = (0, false, _starts.Length);

    /// <summary>Takes a copy of the original; each half of a surrogate pair that stands alone becomes U+FFFD.</summary>
    public void SetOriginal(ReadOnlySpan<char> text)
    {
        text.CopyTo(SetInPlace(text.Length, 0));
        Repair(_text.AsSpan(0, Length));
    }

    /// <summary>Becomes a text in place, whose chars the caller writes: each is that of the original or stands for it alone, and surrogates stay what they are.</summary>
    /// <param name="length">Number of chars.</param>
    /// <param name="origin">Where the first is in the original.</param>
    public Span<char> SetInPlace(int length, int origin)
    {
        (Length, IsInPlace, _origin, _room) = (length, true, origin, 0);
        if (length > _text.Length)
        {
            _text = new char[Math.Max(length, _text.Length * 2)];
        }
        return _text.AsSpan(0, length);
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
        if ((uint)at >= (uint)_room)
        {
            Reserve(1);
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
        if (Length == 0 && text.IsInPlace)
        {
            text.Text.CopyTo(SetInPlace(text.Length, text.Origin));
            return;
        }
        Take(text.Length, out Span<char> chars, out Span<int> starts, out Span<int> ends);
        text.Text.CopyTo(chars);
        text.CopyPlaces(starts, ends);
    }

    /// <summary>Replaces a char by another from an index on; neither is a surrogate, and the places stay.</summary>
    public void Replace(char old, char by, int from)
    {
        // By hand: the runtime's own Replace allocates until it has been optimised.
        Span<ushort> text = MemoryMarshal.Cast<char, ushort>(_text.AsSpan(from, Length - from));
        int i = 0;
        for (; i <= text.Length - 8; i += 8)
        {
            Vector128<ushort> chars = Vector128.LoadUnsafe(ref text[i]);
            Vector128.ConditionalSelect(Vector128.Equals(chars, Vector128.Create((ushort)old)), Vector128.Create((ushort)by), chars).StoreUnsafe(ref text[i]);
        }
        for (; i < text.Length; i++)
        {
            text[i] = text[i] == old ? by : text[i];
        }
    }

    /// <summary>Turns ASCII capitals into small letters from an index on, where all is ASCII; the places stay.</summary>
    public void LowerAscii(int from) => Ascii.ToLowerInPlace(_text.AsSpan(from, Length - from), out _);

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
        int needed = Length + count;
        if (needed > _starts.Length || needed > _text.Length)
        {
            int size = Math.Max(Math.Max(_starts.Length, _text.Length) * 2, needed);
            Array.Resize(ref _text, size);
            Array.Resize(ref _starts, size);
            Array.Resize(ref _ends, size);
        }
        if (IsInPlace)
        {
            View.CopyPlaces(_starts, _ends);
            IsInPlace = false;
        }
        _room = Math.Min(_starts.Length, _text.Length);
    }
}
