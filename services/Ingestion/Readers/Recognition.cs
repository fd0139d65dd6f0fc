using System.IO.Compression;
using System.Text;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers;

/// <summary>
/// Which format bytes are in: by themselves where they leave no doubt, whatever name and media type say; else by the media type, then by the ending. What is
/// none of ours is refused with the name of what it is.
/// </summary>
internal static class Recognition
{
    /// <summary>PDF allows other bytes before its mark (ISO 32000-1, annex H.3.4.1).</summary>
    private const int PdfMarkWithin = 1024;

    private const int MostZipEntries = 100_000;

    private static readonly (byte[] Mark, string Name)[] Binary =
    [
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "a PNG picture"), ([0xFF, 0xD8, 0xFF], "a JPEG picture"), ("GIF8"u8.ToArray(), "a GIF picture"), ("II*\0"u8.ToArray(), "a TIFF picture"), ("MM\0*"u8.ToArray(), "a TIFF picture"),
        ([0x1F, 0x8B], "a gzip archive"), ("BZh"u8.ToArray(), "a bzip2 archive"), ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "an xz archive"), ([(byte)'7', (byte)'z', 0xBC, 0xAF], "a 7-Zip archive"), ("Rar!"u8.ToArray(), "a RAR archive"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "a program (ELF)"), ("SQLite format 3"u8.ToArray(), "a SQLite database"), ("ID3"u8.ToArray(), "sound (MP3)"), ("OggS"u8.ToArray(), "sound or film (Ogg)"), ("RIFF"u8.ToArray(), "sound, film or a picture (RIFF)"),
    ];

    /// <summary>Written in letters, and still none of ours.</summary>
    private static readonly (byte[] Mark, string Name)[] Lettered = [("{\\rtf"u8.ToArray(), "a Rich Text document"), ("%!PS"u8.ToArray(), "a PostScript document")];

    private static readonly (string Part, string Name)[] Packages =
    [
        ("xl/", "an Excel workbook"), ("ppt/", "a PowerPoint presentation"), ("META-INF/container.xml", "an EPUB book"), ("content.xml", "an OpenDocument file"), ("META-INF/MANIFEST.MF", "a Java archive"),
    ];

    /// <summary>The format.</summary>
    /// <exception cref="RetrievalException">Invalid: what it is, or what it is not.</exception>
    public static FileFormat Of(ReadRequest request)
    {
        byte[] content = request.Content;
        if (content.Length == 0)
        {
            throw Refused("The file is empty.", "Leave it out.");
        }
        if (IsPackage(content))
        {
            return IsPdf(content) ? FileFormat.Pdf : content[0] == 'P' ? Archive(content) : throw Compound(content);
        }
        FileFormat format = FileFormat.OfMediaType(request.MediaType) ?? FileFormat.OfName(request.Name) ?? Guess(content);
        IEnumerable<(byte[] Mark, string Name)> others = TextBytes.Look(content).IsText ? Lettered : Lettered.Concat(Binary);
        if (others.FirstOrDefault(o => content.AsSpan().StartsWith(o.Mark)) is { Name: { } other })
        {
            throw Refused($"The file is {other}, from which no text is read.", $"Readable: {string.Join(", ", FileFormat.All.Select(f => f.Name))}.");
        }
        return format != FileFormat.Pdf && format != FileFormat.Docx ? format
            : throw Refused($"The file is called {format.Name} and is not: it does not begin with {(format == FileFormat.Pdf ? "%PDF" : "PK")}.", "Is it cut off or renamed? Send the original.");
    }

    /// <summary>Whether the bytes are a PDF, a ZIP archive or an old Office container: what only a parser can look into.</summary>
    public static bool IsPackage(ReadOnlySpan<byte> content) => IsPdf(content) || content.StartsWith("PK\x03\x04"u8) || content.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);

    private static bool IsPdf(ReadOnlySpan<byte> content) => content[..Math.Min(content.Length, PdfMarkWithin)].IndexOf("%PDF-"u8) >= 0;

    private static FileFormat Guess(byte[] content)
    {
        ReadOnlySpan<byte> head = content.AsSpan(0, Math.Min(content.Length, 512)).TrimStart("\uFEFF \t\r\n"u8);
        string start = Encoding.ASCII.GetString(head[..Math.Min(head.Length, 15)]);
        return start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase) ? FileFormat.Html : FileFormat.Text;
    }

    private static FileFormat Archive(byte[] content)
    {
        try
        {
            using ZipArchive archive = new(new MemoryStream(content, writable: false));
            if (archive.Entries.Count > MostZipEntries)
            {
                throw Refused($"The file is an archive of {archive.Entries.Count} files.", "Unpack it and send the files.");
            }
            HashSet<string> names = [.. archive.Entries.Select(e => e.FullName)];
            return names.Contains("word/document.xml") ? FileFormat.Docx
                : throw Refused($"The file is {Packages.Where(p => names.Any(n => n.StartsWith(p.Part, StringComparison.Ordinal))).Select(p => p.Name).FirstOrDefault("a ZIP archive")}, from which no text is read.", "Save it as DOCX, PDF or text, or unpack it.");
        }
        catch (InvalidDataException e)
        {
            throw Refused($"The file begins like a DOCX or ZIP and cannot be opened: {e.Message}", "It is cut off or damaged: send the original.", e);
        }
    }

    /// <summary>The container of old Office files, and of new ones under a password ([MS-OFFCRYPTO] 2.3.4.1).</summary>
    private static RetrievalException Compound(byte[] content) => content.AsSpan().IndexOf(Encoding.Unicode.GetBytes("EncryptedPackage")) >= 0
        ? Refused("The file is an Office document under a password.", "Save it without the password.")
        : Refused("The file is an old Office document (before 2007).", "Save it as DOCX or PDF.");

    private static RetrievalException Refused(string detail, string help, Exception? inner = null) => new(ErrorKind.Invalid, detail, "body", help: help, inner: inner);
}
