namespace Retrieval.Tokenization;

/// <summary>UTF-16 indexes to another unit, for all texts of a call. A lone surrogate counts as U+FFFD: one code point, three bytes.</summary>
internal sealed class OffsetConverter
{
    private readonly int[][] _places;

    private OffsetConverter(IReadOnlyList<string> sources, OffsetUnit unit) => _places = [.. sources.Select(s => Places(s, unit))];

    /// <summary>Null when nothing is to be converted.</summary>
    public static OffsetConverter? For(IReadOnlyList<string> sources, OffsetUnit unit) => unit == OffsetUnit.Utf16 ? null : new OffsetConverter(sources, unit);

    public int Convert(int source, int index) => source < 0 ? index : _places[source][index];

    private static int[] Places(string text, OffsetUnit unit)
    {
        int[] places = new int[text.Length + 1];
        int place = 0;
        for (int i = 0; i < text.Length;)
        {
            int codePoint = Characters.At(text, i, out int length);
            places.AsSpan(i, length).Fill(place);
            place += unit == OffsetUnit.CodePoints ? 1 : new System.Text.Rune(codePoint).Utf8SequenceLength;
            i += length;
        }
        places[^1] = place;
        return places;
    }
}
