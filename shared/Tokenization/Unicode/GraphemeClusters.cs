namespace Retrieval.Tokenization;

/// <summary>Extended grapheme clusters of Unicode 16.0 (UAX #29): what a reader takes for one character.</summary>
internal static class GraphemeClusters
{
    private enum Break : byte { Other, CR, LF, Control, Extend, ZWJ, Regional_Indicator, Prepend, SpacingMark, L, V, T, LV, LVT }

    private enum Conjunct : byte { None, Linker, Consonant, Extend }

    private static readonly CodePointValues s_breaks = new(CharacterTables.Names("break.").Select(name => ((byte)Enum.Parse<Break>(name), CharacterTables.Ranges($"break.{name}"))));
    private static readonly CodePointValues s_conjuncts = new(CharacterTables.Names("conjunct.").Select(name => ((byte)Enum.Parse<Conjunct>(name), CharacterTables.Ranges($"conjunct.{name}"))));
    private static readonly CodePointSet s_pictographs = CharacterTables.Set("is.Extended_Pictographic");

    /// <summary>Index after the cluster that begins at an index.</summary>
    public static int Next(ReadOnlySpan<char> text, int from)
    {
        Characters.At(text, from, out int length);
        int at = from + length;
        while (at < text.Length && !IsBorder(text, at, conjuncts: true))
        {
            Characters.At(text, at, out length);
            at += length;
        }
        return at;
    }

    /// <summary>Is there a border between the code points before and at an index? It may look back as far as a cluster goes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">The index.</param>
    /// <param name="conjuncts">Whether Indic consonants joined by a virama stay together (GB9c), which Oniguruma does not know.</param>
    public static bool IsBorder(ReadOnlySpan<char> text, int at, bool conjuncts)
    {
        if (at == 0 || at == text.Length)
        {
            return true;
        }
        if (text[at] is > '\r' and < (char)0x300 and not (char)0xAD && text[at - 1] < 0x300)
        {
            return true; // no rule joins two of these
        }
        int before = Characters.Before(text, at, out int length), after = Characters.At(text, at, out _);
        Break left = (Break)s_breaks[before], right = (Break)s_breaks[after];
        return !Joined(left, right) // GB3 to GB9b
            && !(right is not (Break.CR or Break.LF or Break.Control) && left is not (Break.CR or Break.LF or Break.Control)
                && (conjuncts && IsConjunct(text, at - length, before, after) || left == Break.ZWJ && s_pictographs.Contains(after) && FollowsPictograph(text, at - length)
                    || left == Break.Regional_Indicator && right == Break.Regional_Indicator && IndicatorsBefore(text, at) % 2 == 1));
    }

    private static bool Joined(Break left, Break right) => left switch
    {
        Break.CR => right == Break.LF,
        Break.LF or Break.Control => false,
        _ when right is Break.CR or Break.LF or Break.Control => false,
        _ when right is Break.Extend or Break.ZWJ or Break.SpacingMark => true,
        Break.Prepend => true,
        Break.L => right is Break.L or Break.V or Break.LV or Break.LVT,
        Break.V or Break.LV => right is Break.V or Break.T,
        Break.T or Break.LVT => right == Break.T,
        _ => false,
    };

    // GB9c: consonant, then extenders and linkers with at least one linker, then consonant.
    private static bool IsConjunct(ReadOnlySpan<char> text, int start, int before, int after)
    {
        if ((Conjunct)s_conjuncts[after] != Conjunct.Consonant)
        {
            return false;
        }
        bool linked = false;
        for (Conjunct kind = (Conjunct)s_conjuncts[before]; ; kind = (Conjunct)s_conjuncts[before])
        {
            linked |= kind == Conjunct.Linker;
            if (kind is Conjunct.None or Conjunct.Consonant)
            {
                return linked && kind == Conjunct.Consonant;
            }
            if (start == 0)
            {
                return false;
            }
            before = Characters.Before(text, start, out int length);
            start -= length;
        }
    }

    // GB11: a pictograph and extenders before the joiner that begins at an index.
    private static bool FollowsPictograph(ReadOnlySpan<char> text, int start)
    {
        while (start > 0)
        {
            int before = Characters.Before(text, start, out int length);
            if ((Break)s_breaks[before] != Break.Extend)
            {
                return s_pictographs.Contains(before);
            }
            start -= length;
        }
        return false;
    }

    private static int IndicatorsBefore(ReadOnlySpan<char> text, int at)
    {
        int count = 0;
        while (at > 0 && (Break)s_breaks[Characters.Before(text, at, out int length)] == Break.Regional_Indicator)
        {
            count++;
            at -= length;
        }
        return count;
    }
}
