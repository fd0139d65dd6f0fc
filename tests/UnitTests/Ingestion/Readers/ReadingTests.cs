using System.Text;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers;

namespace Retrieval.UnitTests.Ingestion.Readers;

/// <summary>What each format's text is; read through the reading process, as the product does.</summary>
public sealed class ReadingTests
{
    static ReadingTests() => System.Text.Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Theory]
    [InlineData("utf-8", "Die Straße führt über die Brücke.", null)]
    [InlineData("utf-16", "Die Straße führt über die Brücke.", "utf-16")]
    [InlineData("utf-16BE", "Die Straße führt über die Brücke.", "utf-16BE")]
    [InlineData("windows-1252", "Die Straße führt über die Brücke, und der Fluss fließt unter ihr hindurch zur Mühle.", "windows-1252")]
    [InlineData("windows-1251", "Улица ведёт через мост, и река течёт под ним к мельнице. Это старый русский текст о деревне.", "windows-1251")]
    [InlineData("koi8-r", "Улица ведёт через мост, и река течёт под ним к мельнице. Это старый русский текст о деревне.", "koi8-r")]
    [InlineData("shift_jis", "通りは橋を渡り、川はその下を水車小屋へと流れていく。これは古い日本語の文章です。", "shift_jis")]
    [InlineData("gb18030", "街道通过桥梁，河流在桥下流向磨坊。这是一段关于村庄的古老的中文文本。", "gb18030")]
    [InlineData("big5", "街道通過橋樑，河流在橋下流向磨坊。這是一段關於村莊的古老的中文文本。", "big5")]
    [InlineData("euc-kr", "거리는 다리를 지나고 강은 그 아래로 방앗간까지 흐른다. 이것은 마을에 관한 오래된 글이다.", "euc-kr")]
    public void A_text_of_any_charset_is_told_by_its_bytes(string charset, string text, string? named)
    {
        (string decoded, string? found) = TextBytes.Decode(System.Text.Encoding.GetEncoding(charset).GetBytes(text));
        decoded.ShouldBe(text);
        found?.ToLowerInvariant().ShouldBeOneOf(named?.ToLowerInvariant(), "ks_c_5601-1987", "iso-8859-1");
        (found is null).ShouldBe(named is null);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void A_byte_order_mark_decides_and_is_no_part_of_the_text(string charset)
    {
        System.Text.Encoding encoding = System.Text.Encoding.GetEncoding(charset);
        TextBytes.Decode([.. encoding.GetPreamble(), .. encoding.GetBytes("日本 text")]).Text.ShouldBe("日本 text");
    }

    [Fact]
    public async Task HTML_gives_its_main_content_with_links_resolved_and_without_what_is_around_it()
    {
        ReadText read = await ReadAsync("page.html", """
            <!doctype html><html lang="de"><head><title>The  page</title><meta charset=utf-8><style>p{}</style></head><body>
            <nav><a href="/">Home</a></nav><header><h1>Site</h1></header>
            <main><h1>The heading</h1><p>First <b>bold</b> words, <a href="../other?x=1#y">a link</a>.<br>Second line.</p>
            <ul><li>One<ul><li>Deep</li></ul></li><li>Two</li></ul><ol start=3><li>Three<li>Four</ol>
            <pre><code>int a;
              b();</code></pre>
            <table><tr><th>Name<th>Value</tr><tr><td>a|b<td>2</tr></table>
            <h2>Below</h2><p hidden>Hidden words.</p><p>#hash at the start. <code>x</code></p><script>alert(1)</script></main>
            <footer>Imprint</footer></body></html>
            """, "https://example.org/a/b/");
        read.ShouldSatisfyAllConditions(
            () => (read.MediaType, read.Title, read.Language, read.Source).ShouldBe(("text/markdown", "The page", "de", "text/html")),
            () => read.Text.ShouldBe("""
                # The heading

                First bold words, [a link](https://example.org/a/other?x=1#y).
                Second line.

                - One
                  - Deep
                - Two

                3. Three
                4. Four

                ```
                int a;
                  b();
                ```

                | Name | Value |
                |---|---|
                | a\|b | 2 |

                ## Below

                #hash at the start. `x`
                """.ReplaceLineEndings("\n")));
    }

    [Theory]
    [InlineData("<p>words without any frame", "words without any frame")]
    [InlineData("<body><div><div>a<p>b</div>c", "a\n\nb\n\nc")]
    [InlineData("<table><tr><td><table><tr><td>inner</table></table>outer", "inner\n\nouter")]
    [InlineData("<h1>A<h2>B", "# A\n\n## B")]
    [InlineData("<a href='javascript:alert(1)'>no</a> <a href='rel'>yes</a>", "no [yes](rel)")]
    [InlineData("<p># no heading</p>", "\\# no heading")]
    [InlineData("&lt;tag&gt; &amp; &nbsp;more", "<tag> & more")]
    public async Task Odd_HTML_is_read_as_browsers_read_it(string html, string text) => (await ReadAsync("a.html", html)).Text.ShouldBe(text);

    [Fact]
    public async Task HTML_names_its_own_charset()
    {
        byte[] page = System.Text.Encoding.GetEncoding(1251).GetBytes("<html><head><meta charset='windows-1251'></head><body><p>Улица</p></body></html>");
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, page, "a.html")).Text.ShouldBe("Улица");
    }

    [Fact]
    public async Task DOCX_gives_headings_lists_tables_and_links()
    {
        byte[] file = Files.Docx((main, body) =>
        {
            NumberingDefinitionsPart numbering = main.AddNewPart<NumberingDefinitionsPart>();
            numbering.Numbering = new Numbering(
                new AbstractNum(new Level(new NumberingFormat { Val = NumberFormatValues.Decimal }) { LevelIndex = 0 }, new Level(new NumberingFormat { Val = NumberFormatValues.Bullet }) { LevelIndex = 1 }) { AbstractNumberId = 1 },
                new NumberingInstance(new AbstractNumId { Val = 1 }) { NumberID = 7 });
            string link = main.AddHyperlinkRelationship(new Uri("https://example.org/x"), true).Id;
            body.Append(Files.Paragraph("The heading", "Heading1"), Files.Paragraph("Some words."), Files.Paragraph("First", list: 7), Files.Paragraph("Inside", list: 7, level: 1), Files.Paragraph("Second", list: 7), Files.Paragraph("Below", "Heading2"),
                new Paragraph(new Run(new Text("See ") { Space = DocumentFormat.OpenXml.SpaceProcessingModeValues.Preserve }), new Hyperlink(new Run(new Text("this"))) { Id = link }, new DeletedRun(new Run(new DeletedText("gone"))), new InsertedRun(new Run(new Text(" and that"))))
                , new Table(new TableRow(Cell("Name"), Cell("Value")), new TableRow(Cell("a"), Cell("1"))));
        }, "A title");
        ReadText read = await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, file, "a.docx");
        (read.MediaType, read.Title, read.Language).ShouldBe(("text/markdown", "A title", "en-GB"));
        read.Text.ShouldBe("# The heading\n\nSome words.\n\n1. First\n  - Inside\n2. Second\n\n## Below\n\nSee [this](https://example.org/x) and that\n\n| Name | Value |\n|---|---|\n| a | 1 |");
        static TableCell Cell(string text) => new(Files.Paragraph(text));
    }

    [Fact]
    public async Task PDF_gives_its_text_with_the_beginning_of_each_page()
    {
        RequirePoppler();
        ReadText read = await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Pdf("First page words.", "Second page words.", "Third."), "a.pdf");
        (read.Text, read.Title, read.Source).ShouldBe(("First page words.\n\nSecond page words.\n\nThird.", "The title of the file", "application/pdf"));
        read.Pages!.Select(p => read.Text[p..].Split('\n')[0]).ShouldBe(["First page words.", "Second page words.", "Third."]);
    }

    [Fact]
    public async Task A_table_gives_a_line_a_row_with_the_columns_names()
    {
        (await ReadAsync("a.csv", "name;town;note\nAnna;Bonn;\"two\nlines; quoted \"\"words\"\"\"\nBert;;x\n")).Text.ShouldBe("name: Anna; town: Bonn; note: two lines; quoted \"words\"\nname: Bert; note: x\n");
        (await ReadAsync("a.tsv", "a\tb\n1\t2\n")).Text.ShouldBe("a: 1; b: 2\n");
    }

    [Fact]
    public async Task JSON_gives_a_line_a_value_with_its_path() =>
        (await ReadAsync("a.json", """{"title":"T","list":[{"a":1,"b":"two"},{"a":null,"b":"three"}],"deep":{"x":{"y":true}}}""")).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["title: T", "list.a: 1", "list.b: two", "list.b: three", "deep.x.y: true"]);

    [Theory]
    [InlineData("a.txt", "text/plain")]
    [InlineData("a.md", "text/markdown")]
    [InlineData("a.py", "text/x-source")]
    [InlineData("noending", "text/plain")]
    public async Task The_ending_counts_where_content_says_nothing(string name, string mediaType) => (await ReadAsync(name, "# words\n")).MediaType.ShouldBe(mediaType);

    [Fact]
    public async Task Content_that_leaves_no_doubt_counts_more_than_name_and_media_type()
    {
        RequirePoppler();
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Pdf("Words."), "a.docx", "text/html")).Source.ShouldBe("application/pdf");
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Docx((_, body) => body.Append(Files.Paragraph("Words."))), "a.txt")).Source.ShouldBe(FileFormat.Docx.MediaTypes[0]);
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Utf8("<!DOCTYPE html><p>Words."), "noending")).Source.ShouldBe("text/html");
    }

    internal static void RequirePoppler() => Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, "pdftotext"))), "Optional: poppler's pdftotext is not installed.");

    private static Task<ReadText> ReadAsync(string name, string content, string? url = null) => ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Utf8(content), name, url: url);
}
