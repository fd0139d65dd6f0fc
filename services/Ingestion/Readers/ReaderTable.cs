using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>Every format that can be read.</summary>
internal static class ReaderTable
{
    /// <summary>Formats that are only decoded: no parser, linear in time and memory, so that a process of their own would guard against nothing.</summary>
    private static readonly IReader[] Plain = [new PlainReader(FileFormat.Text), new PlainReader(FileFormat.Markdown), new PlainReader(FileFormat.Source)];

    private static readonly IReader[] Parsed = [new HtmlReader(), new DocxReader(), new PdfReader(), new CsvReader(), new JsonReader(FileFormat.Json), new JsonReader(FileFormat.NdJson)];

    /// <summary>Whether a file of this format may be read in the service's own process.</summary>
    public static bool IsPlain(FileFormat format) => Plain.Any(r => r.Format == format);

    /// <summary>Reads a file whose format was recognised.</summary>
    /// <exception cref="RetrievalException">Invalid or TooLarge, with the reason.</exception>
    public static ReadText Read(FileFormat format, ReadRequest request)
    {
        ReadText read = Plain.Concat(Parsed).Single(r => r.Format == format).Read(request);
        if (read.Text.Length > request.MaxCharacters)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"The file holds {read.Text.Length} characters of text.", "body", $"{read.Text.Length}", $"{request.MaxCharacters} (Ingestion:Readers:MaxCharacters)", "Split it, or raise the limit.");
        }
        return string.IsNullOrWhiteSpace(read.Text)
            ? throw new RetrievalException(ErrorKind.Invalid, $"The file is {format.Name} and holds no text.", "body", help: format == FileFormat.Pdf ? "Its pages are pictures, or empty: recognise their text first (for example: ocrmypdf in.pdf out.pdf)." : "Leave it out.")
            : read with { Source = format.MediaTypes.Contains(request.MediaType, StringComparer.OrdinalIgnoreCase) ? request.MediaType : format.MediaTypes[0] };
    }
}
