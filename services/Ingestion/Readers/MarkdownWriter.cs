using System.Text;
using System.Text.RegularExpressions;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// Writes what a structured file says as Markdown: the text that is stored is one that a person can read, and the chunker finds headings, lists, tables and
/// code in it again. Blocks are parted by a blank line.
/// </summary>
internal sealed partial class MarkdownWriter
{
    private const int MostHeadingLevel = 6;

    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public override string ToString() => _text.ToString().TrimEnd('\n');

    /// <summary>The words of the first heading.</summary>
    public string? FirstHeading { get; private set; }

    public void Heading(int level, string words)
    {
        string line = OneLine(words);
        if (line.Length > 0)
        {
            FirstHeading ??= line;
            Block($"{new string('#', Math.Clamp(level, 1, MostHeadingLevel))} {line}");
        }
    }

    /// <summary>Lines of words; a mark at the beginning that would make something else of them is escaped.</summary>
    public void Paragraph(string words, string indent = "")
    {
        string[] lines = [.. words.Split('\n').Select(OneLine).Where(l => l.Length > 0)];
        if (lines.Length > 0)
        {
            Block(string.Join('\n', lines.Select(l => indent + (Marks().IsMatch(l) ? $"\\{l}" : l))));
        }
    }

    /// <summary>An item of a list; the items of one list follow each other without a blank line.</summary>
    public void Item(int depth, string mark, string words, bool isFirst)
    {
        string line = OneLine(words);
        if (line.Length > 0)
        {
            string item = $"{new string(' ', 2 * Math.Min(depth, 16))}{mark} {line}\n";
            if (!isFirst && _text.Length > 1 && _text[^2] == '\n')
            {
                _text.Length--;
            }
            Block(item[..^1]);
        }
    }

    public void Code(string code)
    {
        string lines = code.Trim('\r', '\n').Replace("\r\n", "\n", StringComparison.Ordinal);
        if (!string.IsNullOrWhiteSpace(lines))
        {
            string fence = new('`', Math.Max(3, Fences().Matches(lines).Select(m => m.Length + 1).DefaultIfEmpty(3).Max()));
            Block($"{fence}\n{lines}\n{fence}");
        }
    }

    /// <summary>A table; its first row is its head.</summary>
    public void Table(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> filled = [.. rows.Where(r => r.Any(c => !string.IsNullOrWhiteSpace(c)))];
        if (filled.Count == 0)
        {
            return;
        }
        int columns = filled.Max(r => r.Count);
        StringBuilder table = new();
        for (int i = 0; i < filled.Count; i++)
        {
            table.Append("| ").AppendJoin(" | ", Enumerable.Range(0, columns).Select(c => c < filled[i].Count ? Cell(filled[i][c]) : "")).Append(" |\n");
            if (i == 0)
            {
                table.Append('|').Insert(table.Length, "---|", columns).Append('\n');
            }
        }
        Block(table.ToString(0, table.Length - 1));
    }

    /// <summary>White space of any kind and length as one space.</summary>
    public static string OneLine(string words) => Spaces().Replace(words, " ").Trim();

    private static string Cell(string words) => OneLine(words).Replace("|", "\\|", StringComparison.Ordinal);

    private void Block(string block) => _text.Append(block).Append("\n\n");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^(#{1,6}(\s|$)|>|```|~~~|\||(-{3,}|={3,})\s*$)")]
    private static partial Regex Marks();

    [GeneratedRegex("`{3,}")]
    private static partial Regex Fences();
}
