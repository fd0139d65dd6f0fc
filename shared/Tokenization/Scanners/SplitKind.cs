using System.Runtime.CompilerServices;

namespace Retrieval.Tokenization;

/// <summary>What the well-known split patterns ask of a character, all in one byte.</summary>
[Flags]
internal enum SplitKind : byte
{
    None = 0,
    /// <summary>\p{L}</summary>
    Letter = 1,
    /// <summary>\p{N}</summary>
    Number = 2,
    /// <summary>\s</summary>
    Space = 4,
    /// <summary>[\r\n]; they are spaces too.</summary>
    Newline = 8,
    /// <summary>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</summary>
    Upper = 16,
    /// <summary>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</summary>
    Lower = 32,
    /// <summary>\p{M}</summary>
    Mark = 64,
    /// <summary>[\p{P}\p{S}]</summary>
    Symbol = 128,
}

/// <summary>The kinds of all code points, by the tables of the regular expressions.</summary>
internal static class SplitKinds
{
    private static readonly CodePointValues s_kinds = new(Parts());

    private static readonly byte[] s_ascii = [.. Enumerable.Range(0, 128).Select(c => s_kinds[c])];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SplitKind At(ReadOnlySpan<char> text, int at, out int length)
    {
        char c = text[at];
        if (c < 128)
        {
            length = 1;
            return (SplitKind)s_ascii[c];
        }
        return (SplitKind)s_kinds[Characters.At(text, at, out length)];
    }

    /// <summary>Index after the code points from an index on that have any of some kinds.</summary>
    public static int Run(ReadOnlySpan<char> text, int at, SplitKind any)
    {
        while (at < text.Length && (At(text, at, out int length) & any) != 0)
        {
            at += length;
        }
        return at;
    }

    /// <summary>Index after the letters from an index on.</summary>
    public static int Letters(ReadOnlySpan<char> text, int at)
    {
        while ((uint)at < (uint)text.Length && (uint)((text[at] | 0x20) - 'a') < 26)
        {
            at++;
        }
        return (uint)at < (uint)text.Length && text[at] >= 128 ? Run(text, at, SplitKind.Letter) : at;
    }

    /// <summary>Index after the code points that have none of some kinds.</summary>
    public static int RunWithout(ReadOnlySpan<char> text, int at, SplitKind none)
    {
        while (at < text.Length && (At(text, at, out int length) & none) == 0)
        {
            at += length;
        }
        return at;
    }

    // General categories do not overlap, so each combination of kinds is a sum of them; white space and line ends cut across.
    private static IEnumerable<(byte, CodePointRanges)> Parts()
    {
        (SplitKind Kinds, CodePointRanges Ranges)[] categories = [.. CharacterTables.Names("gc.").Select(name => (OfCategory(name), CharacterTables.Ranges($"gc.{name}")))];
        CodePointRanges white = CharacterTables.Ranges("white"), newline = CodePointRanges.Of([('\r', '\r'), ('\n', '\n')]);
        foreach (IGrouping<SplitKind, CodePointRanges> alike in categories.GroupBy(category => category.Kinds, category => category.Ranges))
        {
            CodePointRanges all = alike.Aggregate((a, b) => a | b);
            yield return ((byte)alike.Key, all & ~white);
            yield return ((byte)(alike.Key | SplitKind.Space), all & white & ~newline);
            yield return ((byte)(alike.Key | SplitKind.Space | SplitKind.Newline), all & newline);
        }
    }

    private static SplitKind OfCategory(string name) => name switch
    {
        "Lu" or "Lt" => SplitKind.Letter | SplitKind.Upper,
        "Ll" => SplitKind.Letter | SplitKind.Lower,
        "Lm" or "Lo" => SplitKind.Letter | SplitKind.Upper | SplitKind.Lower,
        ['M', ..] => SplitKind.Mark | SplitKind.Upper | SplitKind.Lower,
        ['N', ..] => SplitKind.Number,
        ['P' or 'S', ..] => SplitKind.Symbol,
        _ => SplitKind.None,
    };
}
