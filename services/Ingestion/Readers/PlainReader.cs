using Markdig;
using Markdig.Syntax;
using Retrieval.Contracts;
using Retrieval.Ingestion.Chunking;

namespace Retrieval.Ingestion.Readers;

/// <summary>Formats that are text already: decoded, and kept as they are, so that offsets point into what was sent.</summary>
internal sealed class PlainReader(FileFormat format) : IReader
{
    private const int MostHeadingCharacters = 1000;

    public FileFormat Format => format;

    public ReadText Read(ReadRequest request)
    {
        (string text, string? charset) = TextBytes.Decode(request.Content);
        return new ReadText(text, format.MediaTypes[0]) { Charset = charset, Title = format == FileFormat.Markdown ? FirstHeading(text) : null };
    }

    /// <summary>The words of a Markdown text's first heading.</summary>
    public static string? FirstHeading(string text)
    {
        HeadingBlock? heading = MarkdownBlocks.Parse(text).OfType<HeadingBlock>().FirstOrDefault();
        return heading is null ? null : HeadingText(text, heading);
    }

    /// <summary>The words of a heading without its marks; null when there are none.</summary>
    public static string? HeadingText(string text, HeadingBlock heading)
    {
        string line = Markdown.ToPlainText(text.Substring(heading.Span.Start, Math.Min(heading.Span.Length, MostHeadingCharacters))).Trim();
        return line.Length == 0 ? null : line;
    }
}
