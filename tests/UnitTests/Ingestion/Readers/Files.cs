using System.Globalization;
using System.IO.Compression;
using System.Text;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;

namespace Retrieval.UnitTests.Ingestion.Readers;

/// <summary>Files made for tests.</summary>
internal static class Files
{
    public static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>A PDF with a line of text on each page (ISO 32000-1, 7.5).</summary>
    public static byte[] Pdf(params string[] pages)
    {
        StringBuilder file = new("%PDF-1.4\n");
        List<int> offsets = [];
        void Object(string body)
        {
            offsets.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{offsets.Count} 0 obj\n{body}\nendobj\n");
        }
        Object("<< /Type /Catalog /Pages 2 0 R >>");
        Object($"<< /Type /Pages /Kids [{string.Join(' ', pages.Select((_, i) => $"{4 + (2 * i)} 0 R"))}] /Count {pages.Length} >>");
        Object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        for (int i = 0; i < pages.Length; i++)
        {
            string content = $"BT /F1 12 Tf 72 700 Td ({pages[i]}) Tj ET";
            Object($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + (2 * i)} 0 R >>");
            Object($"<< /Length {content.Length} >>\nstream\n{content}\nendstream");
        }
        Object("<< /Title (The title of the file) >>");
        int table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {offsets.Count + 1}\n0000000000 65535 f \n");
        offsets.ForEach(o => file.Append(CultureInfo.InvariantCulture, $"{o:D10} 00000 n \n"));
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {offsets.Count + 1} /Root 1 0 R /Info {offsets.Count} 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return System.Text.Encoding.Latin1.GetBytes(file.ToString());
    }

    /// <summary>A PDF whose trailer says that it is under a password (standard handler, RC4 of 40 bits, of a password that nobody knows).</summary>
    public static byte[] EncryptedPdf()
    {
        string plain = System.Text.Encoding.Latin1.GetString(Pdf("secret"));
        const string Encrypt = "/Encrypt << /Filter /Standard /V 1 /R 2 /O <0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef> /U <0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef> /P -4 >> /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";
        return System.Text.Encoding.Latin1.GetBytes(plain.Replace("/Root 1 0 R", $"/Root 1 0 R {Encrypt}", StringComparison.Ordinal));
    }

    public static byte[] Docx(Action<MainDocumentPart, Body> fill, string? title = null)
    {
        using MemoryStream stream = new();
        using (WordprocessingDocument file = WordprocessingDocument.Create(stream, WordprocessingDocumentType.Document))
        {
            MainDocumentPart main = file.AddMainDocumentPart();
            Body body = new();
            main.Document = new Document(body);
            fill(main, body);
            if (title is not null)
            {
                file.PackageProperties.Title = title;
                file.PackageProperties.Language = "en-GB";
            }
        }
        return stream.ToArray();
    }

    public static Paragraph Paragraph(string text, string? style = null, int? list = null, int level = 0)
    {
        ParagraphProperties properties = new();
        if (style is not null)
        {
            properties.ParagraphStyleId = new ParagraphStyleId { Val = style };
        }
        if (list is { } id)
        {
            properties.NumberingProperties = new NumberingProperties(new NumberingLevelReference { Val = level }, new NumberingId { Val = id });
        }
        return new Paragraph(properties, new Run(new Text(text) { Space = SpaceProcessingModeValues.Preserve }));
    }

    /// <summary>A DOCX whose main part unpacks to so many bytes.</summary>
    public static byte[] DocxBomb(int megabytes)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, true))
        {
            Write(archive, "[Content_Types].xml", """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>""");
            Write(archive, "_rels/.rels", """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>""");
            using Stream part = archive.CreateEntry("word/document.xml", CompressionLevel.Optimal).Open();
            part.Write("<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>"u8);
            byte[] block = new byte[1 << 20];
            Array.Fill(block, (byte)'a');
            for (int i = 0; i < megabytes; i++)
            {
                part.Write(block);
            }
            part.Write("</w:t></w:r></w:p></w:body></w:document>"u8);
        }
        return stream.ToArray();
    }

    /// <summary>The same whose directory says that it is small: the field of each entry's length is overwritten.</summary>
    public static byte[] LyingDocxBomb(int megabytes)
    {
        byte[] file = DocxBomb(megabytes);
        for (int i = 0; i + 46 < file.Length; i++)
        {
            // The central directory's header, with the unpacked length at 24 (APPNOTE.TXT, 4.3.12).
            if (file.AsSpan(i).StartsWith((ReadOnlySpan<byte>)[0x50, 0x4B, 1, 2]) && BitConverter.ToUInt32(file, i + 24) > (uint)(megabytes << 19))
            {
                BitConverter.GetBytes(1000u).CopyTo(file, i + 24);
            }
        }
        return file;
    }

    public static byte[] Zip(params string[] names)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, true))
        {
            foreach (string name in names)
            {
                Write(archive, name, "content");
            }
        }
        return stream.ToArray();
    }

    /// <summary>The container of a DOCX under a password: its head and the name of its stream.</summary>
    public static byte[] EncryptedDocx() => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[504], .. System.Text.Encoding.Unicode.GetBytes("EncryptedPackage"), .. new byte[512]];

    private static void Write(ZipArchive archive, string name, string content)
    {
        using Stream part = archive.CreateEntry(name).Open();
        part.Write(Utf8(content));
    }
}
