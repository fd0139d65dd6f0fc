using System.Globalization;
using System.Reflection;

namespace Retrieval.Tokenization;

/// <summary>
/// The shipped tables by name (unicode.txt says which there are, in what format, and whence). The reference library rests on five versions of
/// Unicode at once, so nothing depends on the runtime's own.
/// </summary>
internal static class CharacterTables
{
    private static readonly Dictionary<string, string> s_lines = Read();

    /// <summary>Names of the tables that begin so, without that beginning.</summary>
    public static IEnumerable<string> Names(string prefix) => s_lines.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);

    public static CodePointRanges Ranges(string name)
    {
        List<(int, int)> ranges = [];
        foreach (string entry in Entries(name))
        {
            (int first, int last, int step) = Run(entry);
            for (; step == 2 && first <= last; first += 2)
            {
                ranges.Add((first, first));
            }
            if (step == 1)
            {
                ranges.Add((first, last));
            }
        }
        return CodePointRanges.Of(ranges);
    }

    public static CodePointSet Set(string name) => new(Ranges(name));

    /// <summary>A mapping as it is written.</summary>
    public static Dictionary<int, int[]> Pairs(string name)
    {
        Dictionary<int, int[]> pairs = [];
        foreach (string entry in Entries(name))
        {
            string[] sides = entry.Split('=', '+', '~');
            if (entry.Contains('=', StringComparison.Ordinal))
            {
                pairs[Hex(sides[0])] = [.. sides[1].Split(',').Select(Hex)];
                continue;
            }
            int shift = entry.Contains('~', StringComparison.Ordinal) ? -Hex(sides[1]) : Hex(sides[1]);
            (int first, int last, int step) = Run(sides[0]);
            for (; first <= last; first += step)
            {
                pairs[first] = [first + shift];
            }
        }
        return pairs;
    }

    private static (int First, int Last, int Step) Run(string entry)
    {
        string[] ends = entry.Split('-', '/');
        return (Hex(ends[0]), Hex(ends[Math.Min(1, ends.Length - 1)]), ends.Length == 3 ? 2 : 1);
    }

    private static string[] Entries(string name) => s_lines[name].Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Read()
    {
        Dictionary<string, string> lines = [];
        using StreamReader reader = new(Assembly.GetExecutingAssembly().GetManifestResourceStream("unicode.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                int name = line.IndexOf(' ', StringComparison.Ordinal);
                lines.Add(name < 0 ? line : line[..name], name < 0 ? "" : line[name..]);
            }
        }
        return lines;
    }
}
