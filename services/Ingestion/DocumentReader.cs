using Markdig;
using Markdig.Syntax;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.Ingestion;

/// <summary>From what was accepted to title and text. Text formats are kept as they are, so that offsets point into what was sent.</summary>
internal static class DocumentReader
{
    private const int MostHeadingCharacters = 1000;

    /// <summary>The document with its text; a Markdown document without a title takes its first heading.</summary>
    public static DocumentInput Read(Job job)
    {
        DocumentInput document = job.Payload ?? throw new RetrievalException(ErrorKind.Internal, $"Job {job.Id} carries no document.");
        return job.MediaType == "text/markdown" && document.Title is null
            ? document with { Title = FirstHeading(document.Text!) }
            : document;
    }

    private static string? FirstHeading(string text)
    {
        HeadingBlock? heading = MarkdownBlocks.Parse(text).OfType<HeadingBlock>().FirstOrDefault();
        string? line = heading is null ? null : Markdown.ToPlainText(text.Substring(heading.Span.Start, Math.Min(heading.Span.Length, MostHeadingCharacters))).Trim();
        return string.IsNullOrEmpty(line) ? null : line;
    }
}
