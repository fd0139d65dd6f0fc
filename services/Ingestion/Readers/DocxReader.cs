using System.IO.Compression;
using System.Text;
using System.Xml;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>Word documents: headings, paragraphs, lists, tables and links as Markdown; what was deleted under tracked changes is left out, and so are headers, footers and footnotes.</summary>
internal sealed class DocxReader : IReader
{
    /// <summary>Text of a document packs about ten times; what unpacks to more than both bounds is made to fill a memory.</summary>
    private const long MostBytes = 256L << 20, MostRatio = 200;

    /// <summary>Below it any ratio is harmless.</summary>
    private const long HarmlessBytes = 16L << 20;

    public FileFormat Format => FileFormat.Docx;

    public ReadText Read(ReadRequest request)
    {
        RefuseBombs(request.Content);
        try
        {
            using MemoryStream content = new(request.Content, writable: false);
            using WordprocessingDocument file = WordprocessingDocument.Open(content, false, new OpenSettings { MaxCharactersInPart = MostBytes });
            MainDocumentPart main = file.MainDocumentPart ?? throw Damaged("it has no main part");
            DocxWalk walk = new(main);
            walk.Run();
            string? title = file.PackageProperties.Title?.Trim();
            return new ReadText(walk.Text, "text/markdown")
            {
                Title = string.IsNullOrEmpty(title) ? walk.FirstHeading : title,
                Language = file.PackageProperties.Language is { Length: > 0 } named ? named : main.StyleDefinitionsPart?.Styles?.DocDefaults?.RunPropertiesDefault?.RunPropertiesBaseStyle?.Languages?.Val?.Value,
            };
        }
        catch (Exception e) when (e is OpenXmlPackageException or InvalidDataException or FileFormatException or XmlException or InvalidOperationException or ArgumentException or UriFormatException or IOException or NotSupportedException)
        {
            throw Damaged(e.Message, e);
        }
    }

    private static void RefuseBombs(byte[] content)
    {
        try
        {
            using ZipArchive archive = new(new MemoryStream(content, writable: false));
            long unpacked = archive.Entries.Sum(e => e.Length);
            if (unpacked > MostBytes || archive.Entries.Any(e => e.Length > HarmlessBytes && e.Length / Math.Max(1, e.CompressedLength) > MostRatio))
            {
                throw new RetrievalException(ErrorKind.TooLarge, $"The DOCX of {content.Length} bytes unpacks to {unpacked >> 20} MiB, like a file that is made to fill the memory of who opens it.", "body", $"{unpacked} bytes unpacked",
                    $"{MostBytes >> 20} MiB, and {MostRatio} times its size", "If it is an honest document, save it as text or PDF.");
            }
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message, e);
        }
    }

    private static RetrievalException Damaged(string reason, Exception? inner = null) =>
        new(ErrorKind.Invalid, $"The DOCX cannot be read: {reason.TrimEnd('.')}.", "body", help: "It is cut off or damaged: open and save it in a word processor.", inner: inner);
}

/// <summary>One walk over a document's body, element by element, so that memory holds one at a time.</summary>
internal sealed class DocxWalk(MainDocumentPart main)
{
    private const int MostTableDepth = 8;

    private readonly MarkdownWriter _out = new();
    private readonly Dictionary<string, int> _headings = HeadingStyles(main);
    private readonly Dictionary<(int List, int Level), int> _numbers = [];
    private bool _inList;

    public string Text => _out.ToString();

    public string? FirstHeading => _out.FirstHeading;

    public void Run()
    {
        using OpenXmlReader reader = OpenXmlReader.Create(main);
        while (reader.Read())
        {
            // Containers are gone into; a paragraph or a table is taken whole.
            if (reader.IsStartElement && (reader.ElementType == typeof(Paragraph) || reader.ElementType == typeof(Table)))
            {
                Add(reader.LoadCurrentElement()!);
            }
        }
    }

    private void Add(OpenXmlElement element)
    {
        if (element is Table table)
        {
            _inList = false;
            _out.Table(Rows(table, 0));
        }
        else if (element is Paragraph paragraph)
        {
            Add(paragraph);
        }
    }

    private void Add(Paragraph paragraph)
    {
        string words = Words(paragraph);
        NumberingProperties? list = paragraph.ParagraphProperties?.NumberingProperties;
        if (Level(paragraph) is { } level)
        {
            _inList = false;
            _out.Heading(level, words);
        }
        else if (list?.NumberingId?.Val?.Value is { } id and not 0 && !string.IsNullOrWhiteSpace(words))
        {
            int depth = list.NumberingLevelReference?.Val?.Value ?? 0;
            _out.Item(depth, Mark(id, depth), words, !_inList);
            _inList = true;
        }
        else
        {
            _inList &= string.IsNullOrWhiteSpace(words);
            _out.Paragraph(words);
        }
    }

    /// <summary>By the paragraph's own outline level, or that of its style, or the style's name.</summary>
    private int? Level(Paragraph paragraph)
    {
        ParagraphProperties? properties = paragraph.ParagraphProperties;
        if (properties?.OutlineLevel?.Val?.Value is { } own and < 9)
        {
            return own + 1;
        }
        return properties?.ParagraphStyleId?.Val?.Value is { } style && _headings.TryGetValue(style, out int level) ? level : null;
    }

    private string Mark(int list, int depth)
    {
        NumberFormatValues? format = Format(list, depth);
        if (format is null or NumberFormatValues.Bullet or NumberFormatValues.None)
        {
            return "-";
        }
        foreach ((int, int) deeper in _numbers.Keys.Where(k => k.List == list && k.Level > depth).ToList())
        {
            _numbers.Remove(deeper);
        }
        int number = _numbers[(list, depth)] = _numbers.GetValueOrDefault((list, depth)) + 1;
        return $"{number}.";
    }

    private NumberFormatValues? Format(int list, int depth)
    {
        Numbering? numbering = main.NumberingDefinitionsPart?.Numbering;
        int? definition = numbering?.Elements<NumberingInstance>().FirstOrDefault(n => n.NumberID?.Value == list)?.AbstractNumId?.Val?.Value;
        return numbering?.Elements<AbstractNum>().FirstOrDefault(a => a.AbstractNumberId?.Value == definition)?.Elements<Level>().FirstOrDefault(l => l.LevelIndex?.Value == depth)?.NumberingFormat?.Val?.Value;
    }

    private List<IReadOnlyList<string>> Rows(Table table, int depth) => [.. table.Elements<TableRow>().Select(r => (IReadOnlyList<string>)[.. r.Elements<TableCell>().Select(c => Cell(c, depth))])];

    private string Cell(TableCell cell, int depth) => string.Join(' ', cell.ChildElements.Select(e => e switch
    {
        Paragraph paragraph => Words(paragraph),
        Table inner when depth < MostTableDepth => string.Join(' ', Rows(inner, depth + 1).SelectMany(r => r)),
        _ => "",
    }));

    private string Words(OpenXmlElement paragraph)
    {
        StringBuilder words = new();
        foreach (OpenXmlElement element in paragraph.ChildElements)
        {
            if (element is Hyperlink { Id.Value: { } id } link && main.HyperlinkRelationships.FirstOrDefault(r => r.Id == id) is { } target)
            {
                words.Append('[').Append(Runs(link)).Append("](").Append(target.Uri.OriginalString).Append(')');
            }
            else
            {
                words.Append(Runs(element));
            }
        }
        return words.ToString();
    }

    private static string Runs(OpenXmlElement element)
    {
        StringBuilder words = new();
        // Text that was deleted under tracked changes is of another type (w:delText) and not among these; the place that text was moved from repeats it.
        foreach (OpenXmlElement part in element.Descendants().Where(p => p is DocumentFormat.OpenXml.Wordprocessing.Text or TabChar or Break or CarriageReturn or NoBreakHyphen && !p.Ancestors().Any(a => a is MoveFromRun or AlternateContentFallback)))
        {
            words.Append(part switch { DocumentFormat.OpenXml.Wordprocessing.Text text => text.Text, TabChar => "\t", NoBreakHyphen => "-", _ => "\n" });
        }
        return words.ToString();
    }

    private static Dictionary<string, int> HeadingStyles(MainDocumentPart main)
    {
        Dictionary<string, int> levels = new(StringComparer.Ordinal);
        foreach (Style style in main.StyleDefinitionsPart?.Styles?.Elements<Style>() ?? [])
        {
            string name = style.StyleName?.Val?.Value ?? "";
            int? level = style.StyleParagraphProperties?.OutlineLevel?.Val?.Value is { } outline and < 9 ? outline + 1
                : name.Equals("title", StringComparison.OrdinalIgnoreCase) ? 1
                : name.StartsWith("heading ", StringComparison.OrdinalIgnoreCase) && int.TryParse(name.AsSpan(8), out int number) ? number : null;
            if (level is { } found && style.StyleId?.Value is { } id)
            {
                levels[id] = found;
            }
        }
        // Files without styles of their own keep the built-in names.
        for (int i = 1; i <= 9; i++)
        {
            levels.TryAdd($"Heading{i}", i);
        }
        levels.TryAdd("Title", 1);
        return levels;
    }
}
