namespace Retrieval.Tokenization;

/// <summary>Decompositions, combining classes and compositions of Unicode 9.0, the version of the reference library's normalisation; Hangul by rule (The Unicode Standard 3.12).</summary>
internal static class Decomposition
{
    private const int SFirst = 0xAC00, LFirst = 0x1100, VFirst = 0x1161, TFirst = 0x11A7, LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Dictionary<long, int> s_composites = CharacterTables.Pairs("compose").ToDictionary(pair => Pair(pair.Value[0], pair.Value[1]), pair => pair.Key);
    private static readonly CodePointSet s_second = new(CodePointRanges.Of(s_composites.Keys.Select(pair => ((int)(uint)pair, (int)(uint)pair))));

    /// <summary>Full canonical decompositions, in canonical order.</summary>
    public static CodePointMap Canonical { get; } = new(WithHangul(CharacterTables.Pairs("nfd")));

    /// <summary>Full compatibility decompositions, those that are canonical included.</summary>
    public static CodePointMap Compatible { get; } = new(WithHangul(WithCanonical(CharacterTables.Pairs("nfkd"))));

    /// <summary>Canonical combining class; 0 for starters.</summary>
    public static CodePointValues Class { get; } = new(CharacterTables.Names("ccc.").Select(name => (byte.Parse(name, null), CharacterTables.Ranges($"ccc.{name}"))));

    /// <summary>Code points with a combining class.</summary>
    public static CodePointRanges Marks => CharacterTables.Names("ccc.").Aggregate(CodePointRanges.Empty, (all, name) => all | CharacterTables.Ranges($"ccc.{name}"));

    /// <summary>Code points that may be the second of a pair that composes.</summary>
    public static CodePointRanges Seconds => s_second.Ranges | CodePointRanges.Of(VFirst, TFirst + TCount - 1);

    /// <summary>The code point that two make together, or -1.</summary>
    public static int Compose(int first, int second)
    {
        if (second >= VFirst && second < TFirst + TCount)
        {
            return Hangul(first, second);
        }
        return s_second.Contains(second) && s_composites.TryGetValue(Pair(first, second), out int composite) ? composite : -1;
    }

    private static long Pair(int first, int second) => (long)first << 32 | (uint)second;

    private static int Hangul(int first, int second)
    {
        if (first is >= LFirst and < LFirst + LCount && second is >= VFirst and < VFirst + VCount)
        {
            return SFirst + ((first - LFirst) * VCount + second - VFirst) * TCount;
        }
        // U+11A7 counts as a trailing consonant that changes nothing: so did the library that the reference's was made from, up to its tables of Unicode 9.0.
        bool open = first is >= SFirst and < SFirst + SCount && (first - SFirst) % TCount == 0;
        return open && second >= TFirst ? first + second - TFirst : -1;
    }

    private static Dictionary<int, int[]> WithCanonical(Dictionary<int, int[]> compatible)
    {
        foreach ((int from, int[] to) in CharacterTables.Pairs("nfd"))
        {
            compatible.TryAdd(from, to);
        }
        return compatible;
    }

    private static Dictionary<int, int[]> WithHangul(Dictionary<int, int[]> pairs)
    {
        for (int s = 0; s < SCount; s++)
        {
            int lead = LFirst + s / (VCount * TCount), vowel = VFirst + s % (VCount * TCount) / TCount, trailing = TFirst + s % TCount;
            pairs[SFirst + s] = trailing == TFirst ? [lead, vowel] : [lead, vowel, trailing];
        }
        return pairs;
    }
}
