namespace Retrieval.Tokenization;

/// <summary>
/// What (?i) adds, by Unicode's full case folding: characters that fold to the same, and one character for several (ß for ss) or several for one. Two or three
/// characters of the pattern that have such a single one are taken together from the left, as Oniguruma takes them.
/// </summary>
internal static class CaseFolding
{
    private static readonly Dictionary<int, int[]> s_folds = CharacterTables.Pairs("fold");
    private static readonly ILookup<string, int> s_unfolds = s_folds.ToLookup(pair => Key(pair.Value), pair => pair.Key);

    /// <summary>The nodes that match some characters in any case.</summary>
    /// <param name="codePoints">A run of literal characters of the pattern.</param>
    /// <param name="single">Only one character for one: Oniguruma's rule inside a lookbehind.</param>
    public static IEnumerable<Node> Literal(IReadOnlyList<int> codePoints, bool single)
    {
        for (int i = 0; i < codePoints.Count;)
        {
            int taken = single ? 1 : Enumerable.Range(0, 2).Select(n => 3 - n).FirstOrDefault(n => i + n <= codePoints.Count && s_unfolds.Contains(FoldedKey(codePoints, i, n)), 1);
            yield return taken > 1 ? Several(FoldedKey(codePoints, i, taken)) : One(codePoints[i], single);
            i += taken;
        }
    }

    /// <summary>A class closed under folding; for one that is not negated also the longer texts that its members fold to.</summary>
    public static Node Class(CodePointRanges inside, bool negated)
    {
        HashSet<int> more = [];
        List<Node> texts = [];
        foreach (IGrouping<string, int> alike in s_unfolds)
        {
            int[] folded = Folded(alike.Key);
            IEnumerable<int> members = folded.Length == 1 ? alike.Append(folded[0]) : alike;
            if (members.Any(inside.Contains))
            {
                more.UnionWith(members);
                if (folded.Length > 1 && !negated)
                {
                    texts.Add(Spelled(folded));
                }
            }
        }
        CodePointRanges closed = inside | CodePointRanges.Of(more.Select(c => (c, c)));
        OneOf one = new(negated ? ~closed : closed);
        return texts.Count == 0 ? one : new Alternation([one, .. texts]);
    }

    private static int Fold(int codePoint) => s_folds.TryGetValue(codePoint, out int[]? to) && to.Length == 1 ? to[0] : codePoint;

    private static Node One(int codePoint, bool single)
    {
        if (s_folds.TryGetValue(codePoint, out int[]? to) && to.Length > 1)
        {
            return single ? Class(s_unfolds[Key(to)]) : Several(Key(to));
        }
        return Equivalents(codePoint);
    }

    private static Alternation Several(string key) => new([Class(s_unfolds[key]), Spelled(Folded(key))]);

    private static Sequence Spelled(int[] folded) => new([.. folded.Select(Equivalents)]);

    private static OneOf Equivalents(int codePoint) => Class(s_unfolds[Key([Fold(codePoint)])].Append(Fold(codePoint)));

    private static OneOf Class(IEnumerable<int> members) => new(CodePointRanges.Of(members.Select(c => (c, c))));

    private static string FoldedKey(IReadOnlyList<int> codePoints, int from, int count) => Key([.. Enumerable.Range(from, count).Select(i => Fold(codePoints[i]))]);

    private static string Key(int[] folded) => string.Concat(folded.Select(char.ConvertFromUtf32));

    private static int[] Folded(string key) => [.. key.EnumerateRunes().Select(rune => rune.Value)];
}
