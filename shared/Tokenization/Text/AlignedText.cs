using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Tokenization;

/// <summary>
/// A text on its way through the pipeline: UTF-16 without lone surrogates, and for each char the place in the original text that it came from (both halves of a
/// pair carry the same place). A text whose chars are where they were has no tables: char i came from Origin + i.
/// </summary>
internal readonly ref struct AlignedText
{
    private readonly ReadOnlySpan<int> _starts, _ends;

    /// <summary>
    /// The original itself, a part of it that begins at <paramref name="origin"/>, or one in which single chars were replaced by single chars. The whole code point's place is
    /// found by looking at its halves.
    /// </summary>
    public AlignedText(ReadOnlySpan<char> text, int origin)
    {
        Text = text;
        (Origin, IsInPlace) = (origin, true);
    }

    /// <summary>A changed text with its places.</summary>
    public AlignedText(ReadOnlySpan<char> text, ReadOnlySpan<int> starts, ReadOnlySpan<int> ends)
    {
        Text = text;
        _starts = starts[..text.Length];
        _ends = ends[..text.Length];
    }

    public ReadOnlySpan<char> Text { get; }

    /// <summary>Where Text begins in the original; only when <see cref="IsInPlace"/>.</summary>
    public int Origin { get; }

    /// <summary>No char was added, removed or moved so far.</summary>
    public bool IsInPlace { get; }

    public int Length => Text.Length;

    /// <summary>Index in the original of the first char that char <paramref name="i"/> came from.</summary>
    public int Start(int i) => !IsInPlace ? _starts[i]
        : Origin + i - (char.IsLowSurrogate(Text[i]) && i > 0 ? 1 : 0);

    /// <summary>Index in the original after the last char that char <paramref name="i"/> came from.</summary>
    public int End(int i) => !IsInPlace ? _ends[i]
        : Origin + i + (char.IsHighSurrogate(Text[i]) && i + 1 < Text.Length ? 2 : 1);

    public AlignedText Slice(int start, int length) => IsInPlace
        ? new AlignedText(Text.Slice(start, length), Origin + start)
        : new AlignedText(Text.Slice(start, length), _starts.Slice(start, length), _ends.Slice(start, length));

    /// <summary>Code point at a char that begins one, and how many chars it has.</summary>
    public int CodePoint(int i, out int length) => Characters.At(Text, i, out length);

    /// <summary>Writes the place of each char.</summary>
    public void CopyPlaces(Span<int> starts, Span<int> ends)
    {
        if (!IsInPlace)
        {
            _starts.CopyTo(starts);
            _ends.CopyTo(ends);
            return;
        }
        if (!HasSurrogates)
        {
            Count(starts[..Length], Origin);
            Count(ends[..Length], Origin + 1);
            return;
        }
        for (int i = 0; i < Length; i++)
        {
            (starts[i], ends[i]) = (Start(i), End(i));
        }
    }

    /// <summary>Turns parts of this text, none of them empty, into what they came from.</summary>
    public void Locate(Span<int> starts, Span<int> ends)
    {
        if (IsInPlace && Origin == 0 && !HasSurrogates)
        {
            return;
        }
        for (int i = 0; i < starts.Length; i++)
        {
            (starts[i], ends[i]) = (Start(starts[i]), End(ends[i] - 1));
        }
    }

    // By hand: the runtime's own search allocates until it has been optimised.
    private bool HasSurrogates
    {
        get
        {
            ReadOnlySpan<ushort> text = MemoryMarshal.Cast<char, ushort>(Text);
            int i = 0;
            for (; i <= text.Length - 8; i += 8)
            {
                if (Vector128.EqualsAny(Vector128.LoadUnsafe(in text[i]) & Vector128.Create((ushort)0xF800), Vector128.Create((ushort)0xD800)))
                {
                    return true;
                }
            }
            for (; i < text.Length; i++)
            {
                if (char.IsSurrogate((char)text[i]))
                {
                    return true;
                }
            }
            return false;
        }
    }

    private static void Count(Span<int> numbers, int first)
    {
        int i = 0;
        Vector256<int> next = Vector256.Create(first) + Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
        for (; i <= numbers.Length - 8; i += 8)
        {
            next.CopyTo(numbers[i..]);
            next += Vector256.Create(8);
        }
        for (; i < numbers.Length; i++)
        {
            numbers[i] = first + i;
        }
    }
}
