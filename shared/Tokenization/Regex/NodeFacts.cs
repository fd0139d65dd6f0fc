namespace Retrieval.Tokenization;

/// <summary>What can be said of a tree without running it.</summary>
internal static class NodeFacts
{
    private const int Unlimited = int.MaxValue;

    /// <summary>The code points that a match can begin with; and whether it may take none, in which case what follows decides. Assertions take none.</summary>
    public static (CodePointRanges Set, bool MayBeEmpty) First(Node node)
    {
        switch (node)
        {
            case OneOf one: return (one.Set, false);
            case Capture capture: return First(capture.Body);
            case Atomic atomic: return First(atomic.Body);
            case Look or Anchor: return (CodePointRanges.Empty, true);
            case Backreference: return (CodePointRanges.All, true);
            case Repeat repeat:
                (CodePointRanges of, bool empty) = First(repeat.Body);
                return repeat.Max == 0 ? (CodePointRanges.Empty, true) : (of, empty || repeat.Min == 0);
            case Alternation alternation:
                return alternation.Branches.Select(First).Aggregate((a, b) => (a.Set | b.Set, a.MayBeEmpty || b.MayBeEmpty));
            default:
                CodePointRanges set = CodePointRanges.Empty;
                foreach ((CodePointRanges next, bool mayBeEmpty) in ((Sequence)node).Parts.Select(First))
                {
                    set |= next;
                    if (!mayBeEmpty)
                    {
                        return (set, false);
                    }
                }
                return (set, true);
        }
    }

    /// <summary>Least and most code points that a match takes.</summary>
    public static (int Least, int Most) Width(Node node)
    {
        switch (node)
        {
            case OneOf: return (1, 1);
            case Capture capture: return Width(capture.Body);
            case Atomic atomic: return Width(atomic.Body);
            case Look or Anchor: return (0, 0);
            case Backreference: return (0, Unlimited);
            case Repeat repeat:
                (int least, int most) = Width(repeat.Body);
                return (Times(least, repeat.Min), Times(most, repeat.Max));
            case Alternation alternation:
                return alternation.Branches.Select(Width).Aggregate((a, b) => (Math.Min(a.Least, b.Least), Math.Max(a.Most, b.Most)));
            default:
                return ((Sequence)node).Parts.Select(Width).Aggregate((0, 0), (a, b) => (Plus(a.Item1, b.Least), Plus(a.Item2, b.Most)));
        }
    }

    private static int Times(int a, int b) => a == 0 || b == 0 ? 0 : (int)Math.Min((long)a * b, Unlimited);

    private static int Plus(int a, int b) => (int)Math.Min((long)a + b, Unlimited);
}
