namespace Retrieval.Tokenization;

/// <summary>A regular expression as a tree. Case folding is already spelled out in it.</summary>
internal abstract record Node
{
    /// <summary>Matches the empty text.</summary>
    public static Node Empty { get; } = new Sequence([]);
}

/// <summary>One code point out of a set.</summary>
internal sealed record OneOf(CodePointRanges Set) : Node;

internal sealed record Sequence(IReadOnlyList<Node> Parts) : Node;

/// <summary>The first branch that lets the whole match wins.</summary>
internal sealed record Alternation(IReadOnlyList<Node> Branches) : Node;

/// <param name="Body">What is repeated.</param>
/// <param name="Min">At least so often.</param>
/// <param name="Max">At most so often; int.MaxValue for without limit.</param>
/// <param name="Mode">Which number is tried first, and whether others are tried at all.</param>
internal sealed record Repeat(Node Body, int Min, int Max, RepeatMode Mode) : Node;

internal enum RepeatMode
{
    Greedy,
    Lazy,
    Possessive,
}

/// <summary>A group that a backreference may point to; numbered from 1.</summary>
internal sealed record Capture(int Group, Node Body) : Node;

/// <summary>Once matched, never tried another way.</summary>
internal sealed record Atomic(Node Body) : Node;

internal sealed record Look(Node Body, bool Behind, bool Negative) : Node;

internal sealed record Anchor(AnchorKind Kind) : Node;

internal enum AnchorKind
{
    TextStart,
    TextEnd,
    TextEndOrLastNewline,
    LineStart,
    LineEnd,
    WordBorder,
    NoWordBorder,
    ClusterBorder,
    NoClusterBorder,
    SearchStart,
    /// <summary>\K: what was matched so far is not part of the match.</summary>
    Keep,
}

/// <summary>The text of a group again; of several groups of one name the last that took part.</summary>
internal sealed record Backreference(IReadOnlyList<int> Groups) : Node;
