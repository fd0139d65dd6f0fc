using System.Globalization;
using System.Reflection;

namespace Retrieval.Tokenization;

/// <summary>
/// Character classes and mappings of BERT tokenization. The reference library rests on several versions of Unicode at once, so the tables are
/// shipped (bert.txt) and nothing depends on the runtime's own.
/// </summary>
internal sealed class BertCharacters
{
    private const int HangulFirst = 0xAC00, HangulLast = 0xD7A3, L = 0x1100, V = 0x1161, T = 0x11A7, VCount = 21, TCount = 28;

    private readonly CharacterKind[] _kinds = new CharacterKind[0x110000];
    private readonly Dictionary<int, int[]> _lower = [], _decomposed = [];

    /// <summary>The shipped tables.</summary>
    public static BertCharacters Shipped { get; } = new();

    private BertCharacters()
    {
        using StreamReader lines = new(Assembly.GetExecutingAssembly().GetManifestResourceStream("bert.txt")!);
        while (lines.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Read(line.Split(' '));
            }
        }
    }

    public CharacterKind this[int codePoint] => _kinds[codePoint];

    /// <summary>Lower case of one code point; null when it is its own.</summary>
    public int[]? Lower(int codePoint) => _lower.GetValueOrDefault(codePoint);

    /// <summary>Canonical decomposition; null when it is its own.</summary>
    public int[]? Decompose(int codePoint)
    {
        if (codePoint is < HangulFirst or > HangulLast)
        {
            return _decomposed.GetValueOrDefault(codePoint);
        }
        int s = codePoint - HangulFirst, trailing = s % TCount;
        int lead = L + s / (VCount * TCount), vowel = V + s % (VCount * TCount) / TCount;
        return trailing == 0 ? [lead, vowel] : [lead, vowel, T + trailing];
    }

    private void Read(string[] table)
    {
        foreach (string entry in table.AsSpan(1))
        {
            switch (table[0])
            {
                case "lower": Map(_lower, entry); break;
                case "nfd": Map(_decomposed, entry); break;
                default: Mark(Enum.Parse<CharacterKind>(table[0], true), entry); break;
            }
        }
    }

    private void Mark(CharacterKind kind, string range)
    {
        string[] ends = range.Split('-');
        for (int c = Hex(ends[0]); c <= Hex(ends[^1]); c++)
        {
            _kinds[c] |= kind;
        }
    }

    private static void Map(Dictionary<int, int[]> map, string entry)
    {
        string[] sides = entry.Split('=');
        map[Hex(sides[0])] = [.. sides[1].Split(',').Select(Hex)];
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>What BERT tokenization asks of a code point.</summary>
[Flags]
internal enum CharacterKind : byte
{
    None = 0,
    /// <summary>Dropped by clean_text.</summary>
    Removed = 1,
    /// <summary>Turned into a space by clean_text.</summary>
    Space = 2,
    /// <summary>A word of its own by handle_chinese_chars.</summary>
    Chinese = 4,
    /// <summary>Dropped by strip_accents after decomposition.</summary>
    Mark = 8,
    /// <summary>Separates words.</summary>
    White = 16,
    /// <summary>A word of its own.</summary>
    Punctuation = 32,
}
