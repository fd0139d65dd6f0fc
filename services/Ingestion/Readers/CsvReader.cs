using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>A table as one document: a line a row with the columns' names, so that a row says by itself what it is about. (As documents of their own, rows are read by <see cref="Sources.RecordFile"/>.)</summary>
internal sealed class CsvReader : IReader
{
    public FileFormat Format => FileFormat.Csv;

    public ReadText Read(ReadRequest request)
    {
        (string text, string? charset) = TextBytes.Decode(request.Content);
        StringBuilder lines = new();
        foreach (IReadOnlyDictionary<string, string> row in Rows(new StringReader(text)))
        {
            lines.AppendJoin("; ", row.Where(c => !string.IsNullOrWhiteSpace(c.Value)).Select(c => $"{c.Key}: {MarkdownWriter.OneLine(c.Value)}")).Append('\n');
            if (lines.Length > request.MaxCharacters)
            {
                break; // told by who asked
            }
        }
        return new ReadText(lines.ToString(), "text/x-source") { Charset = charset };
    }

    /// <summary>Rows by column name; comma, semicolon, tab or bar, whichever the first lines agree on.</summary>
    /// <exception cref="RetrievalException">Invalid, with the line.</exception>
    public static IEnumerable<IReadOnlyDictionary<string, string>> Rows(TextReader text)
    {
        CsvConfiguration settings = new(CultureInfo.InvariantCulture) { DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t", "|"], BadDataFound = null, MissingFieldFound = null };
        using CsvParser parser = new(text, settings);
        string[]? names = null;
        while (Next(parser))
        {
            string[] cells = parser.Record ?? [];
            if (names is null)
            {
                names = Names(cells);
                continue;
            }
            if (cells.Length > names.Length)
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Line {parser.RawRow} of the table has {cells.Length} cells; its first line names {names.Length} columns.", "body", $"{cells.Length}", $"{names.Length}", "Quote cells that hold the delimiter, or name every column.");
            }
            yield return names.Zip(cells).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
        }
    }

    private static bool Next(CsvParser parser)
    {
        try
        {
            return parser.Read();
        }
        catch (CsvHelperException e)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"Line {parser.RawRow} of the table cannot be read: {e.Message.Split('\n')[0].Trim()}", "body", help: "Check its quotes.", inner: e);
        }
    }

    private static string[] Names(string[] cells)
    {
        string[] names = [.. cells.Select((c, i) => string.IsNullOrWhiteSpace(c) ? $"column {i + 1}" : c.Trim())];
        return names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names
            : throw new RetrievalException(ErrorKind.Invalid, $"Two columns of the table are called '{names.GroupBy(n => n).First(g => g.Count() > 1).Key}'.", "body", help: "Name each column once.");
    }
}
