namespace Retrieval.Tokenization;

/// <summary>
/// A text on its way through the pipeline: UTF-16 without lone surrogates, and for each char the place in the original text that it came from (both halves of a
/// pair carry the same place). A text that is still the original, or a part of it, has no tables: char i came from Origin + i.
/// </summary>
internal readonly ref struct AlignedText
{
    private readonly ReadOnlySpan<int> _starts, _ends;

    /// <summary>The original itself, or a part of it that begins at <paramref name="origin"/>. The whole code point's place is found by looking at its halves.</summary>
    public AlignedText(ReadOnlySpan<char> text, int origin)
    {
        Text = text;
        (Origin, IsOriginal) = (origin, true);
    }

    /// <summary>A changed text with its places.</summary>
    public AlignedText(ReadOnlySpan<char> text, ReadOnlySpan<int> starts, ReadOnlySpan<int> ends)
    {
        Text = text;
        _starts = starts[..text.Length];
        _ends = ends[..text.Length];
    }

    public ReadOnlySpan<char> Text { get; }

    /// <summary>Where Text begins in the original; only when <see cref="IsOriginal"/>.</summary>
    public int Origin { get; }

    /// <summary>No char was changed, added or removed so far.</summary>
    public bool IsOriginal { get; }

    public int Length => Text.Length;

    /// <summary>Index in the original of the first char that char <paramref name="i"/> came from.</summary>
    public int Start(int i) => !IsOriginal ? _starts[i]
        : Origin + i - (char.IsLowSurrogate(Text[i]) && i > 0 ? 1 : 0);

    /// <summary>Index in the original after the last char that char <paramref name="i"/> came from.</summary>
    public int End(int i) => !IsOriginal ? _ends[i]
        : Origin + i + (char.IsHighSurrogate(Text[i]) && i + 1 < Text.Length ? 2 : 1);

    public AlignedText Slice(int start, int length) => IsOriginal
        ? new AlignedText(Text.Slice(start, length), Origin + start)
        : new AlignedText(Text.Slice(start, length), _starts.Slice(start, length), _ends.Slice(start, length));

    /// <summary>Code point at a char that begins one, and how many chars it has.</summary>
    public int CodePoint(int i, out int length) => Characters.At(Text, i, out length);
}
