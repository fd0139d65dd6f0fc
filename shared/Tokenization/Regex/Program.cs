namespace Retrieval.Tokenization;

/// <summary>Operations of the matching machine. In brackets: what stands after the operation in the code.</summary>
internal enum Op
{
    /// <summary>The match is complete; the end of the body of an atomic group or a lookahead too.</summary>
    Done,
    /// <summary>The end of the body of a lookbehind: complete where it was asked for.</summary>
    DoneBehind,
    /// <summary>One UTF-16 unit [unit].</summary>
    Unit,
    /// <summary>One code point of a set [set].</summary>
    OneOf,
    /// <summary>As many code points of a set as there are, and fewer on the way back [set, min, max].</summary>
    Greedy,
    /// <summary>As many code points of a set as there are [set, min, max].</summary>
    Possessive,
    /// <summary>Goes on with the next operation, and elsewhere on the way back [elsewhere].</summary>
    Try,
    /// <summary>The same where the next code point is in a set, else straight elsewhere [set, elsewhere].</summary>
    TryIf,
    /// <summary>Goes on [where].</summary>
    Jump,
    /// <summary>Remembers the place in a register [register].</summary>
    Mark,
    /// <summary>Leaves a loop whose body took nothing [register, where].</summary>
    LeaveIfEmpty,
    /// <summary>An assertion [AnchorKind].</summary>
    Assert,
    /// <summary>An atomic group [after it]; its body follows.</summary>
    Atomic,
    /// <summary>A lookahead [after it, 1 if negative]; its body follows.</summary>
    Ahead,
    /// <summary>A lookbehind [after it, 1 if negative, least, most code points]; its body follows.</summary>
    Behind,
    /// <summary>The text of a group again [how many groups, groups from last to first].</summary>
    Again,
}

/// <summary>A compiled pattern: immutable, so any number of threads may run it.</summary>
/// <param name="Text">The pattern as written.</param>
/// <param name="Code">Operations and what belongs to them.</param>
/// <param name="Sets">Sets that operations name by index.</param>
/// <param name="Registers">How many places are remembered: start and end of each group, and one for each loop that may be empty.</param>
/// <param name="First">A match begins with one of these; null when it may be empty.</param>
internal sealed record Program(string Text, int[] Code, CodePointSet[] Sets, int Registers, CodePointSet? First);
