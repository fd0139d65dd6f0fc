using System.Diagnostics;
using System.Text;
using Retrieval.Contracts;
using Retrieval.Ingestion.Readers;
using Retrieval.Ingestion.Readers.Isolation;

namespace Retrieval.UnitTests.Ingestion.Readers;

/// <summary>Files that are cut, locked, misnamed or made to harm: each gives text or a reason, within its time and memory, and the next file is read as if nothing had been.</summary>
public sealed class BrokenFileTests
{
    public static TheoryData<string, string, string> Named => new()
    {
        { "empty.pdf", "", "empty" }, { "png.txt", "png", "PNG" }, { "gzip.md", "gzip", "gzip" }, { "exe.html", "elf", "ELF" }, { "rtf.txt", "rtf", "Rich Text" },
        { "text.pdf", "text", "%PDF" }, { "text.docx", "text", "PK" }, { "xlsx.docx", "xlsx", "Excel" }, { "zip.docx", "zip", "ZIP" }, { "old.docx", "ole", "before 2007" }, { "locked.docx", "locked", "password" },
        { "binary.txt", "binary", "not text" }, { "cut.docx", "cut", "cut off or damaged" }, { "cut16.txt", "cut16", "utf-16" }, { "deep.json", "deepjson", "nested" }, { "cut.json", "cutjson", "cut off" }, { "wide.csv", "wide", "cells" },
        { "blank.html", "blank", "no text" }, { "halfpair.json", "halfpair", "Unicode" },
    };

    [Theory]
    [MemberData(nameof(Named))]
    public async Task What_cannot_be_read_is_refused_with_its_reason(string name, string kind, string reason)
    {
        (ReadText? text, Problem? problem) = await ReaderProcesses.TryAsync(ReaderProcesses.Shared, Content(kind), name);
        text.ShouldBeNull();
        $"{problem!.Detail} {problem.Help}".ShouldContain(reason);
    }

    [Fact]
    public async Task A_PDF_under_a_password_or_cut_off_has_its_reason()
    {
        ReadingTests.RequirePoppler();
        (await ReaderProcesses.TryAsync(ReaderProcesses.Shared, Files.EncryptedPdf(), "a.pdf")).Problem!.Detail.ShouldContain("password");
        (await ReaderProcesses.TryAsync(ReaderProcesses.Shared, Files.Pdf("words")[..40], "a.pdf")).Problem!.Detail.ShouldContain("cannot be read");
    }

    [Theory]
    [InlineData("docx", 1)]
    [InlineData("pdf", 2)]
    [InlineData("html", 3)]
    [InlineData("csv", 4)]
    [InlineData("json", 5)]
    public async Task Cut_and_damaged_files_give_text_or_a_reason(string ending, int seed)
    {
        if (ending == "pdf")
        {
            ReadingTests.RequirePoppler();
        }
        byte[] whole = ending switch
        {
            "docx" => Files.Docx((_, body) => body.Append(Enumerable.Range(0, 50).Select(i => Files.Paragraph($"Paragraph {i} of the document.")))),
            "pdf" => Files.Pdf("One page of words.", "Another page."),
            "html" => Files.Utf8(string.Concat(Enumerable.Repeat("<div><table><tr><td><ul><li>item<p>words</ul></table></div>", 40))),
            "csv" => Files.Utf8(string.Concat(Enumerable.Repeat("\"a, b\";2;\"c\"\"d\"\n", 40))),
            _ => Files.Utf8("{\"a\":[" + string.Join(',', Enumerable.Repeat("{\"b\":\"c\\n\",\"d\":[1,2]}", 40)) + "]}"),
        };
        Random random = new(seed);
        for (int i = 0; i < 25; i++)
        {
            byte[] broken = whole[..random.Next(1, whole.Length + 1)];
            for (int n = random.Next(6); n > 0; n--)
            {
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            }
            await ReaderProcesses.TryAsync(ReaderProcesses.Shared, broken, $"a.{ending}"); // checks the reason
        }
    }

    [Fact]
    public async Task A_DOCX_that_unpacks_without_end_is_refused_whether_or_not_it_says_so()
    {
        (await ReaderProcesses.TryAsync(ReaderProcesses.Shared, Files.DocxBomb(300), "a.docx")).Problem!.Detail.ShouldContain("unpacks to");
        byte[] lying = Files.LyingDocxBomb(300);
        lying.Length.ShouldBeLessThan(1 << 20);
        (ReadText? text, Problem? problem) = await ReaderProcesses.TryAsync(ReaderProcesses.Shared, lying, "a.docx");
        (text is null || text.Text.Length < 2000).ShouldBeTrue();
        (problem is null || problem.Kind is ErrorKind.Invalid or ErrorKind.TooLarge).ShouldBeTrue();
    }

    [Fact]
    public async Task Nested_ten_thousand_deep_and_one_hundred_megabytes_long()
    {
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Utf8($"{string.Concat(Enumerable.Repeat("<div>", 10_000))}deep words{string.Concat(Enumerable.Repeat("</div>", 10_000))}"), "a.html")).Text.ShouldBe("deep words");
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Utf8($"{string.Concat(Enumerable.Repeat("<ul><li>a", 10_000))}deep words"), "a.html")).Text.ShouldContain("deep words");
        byte[] large = new byte[100 << 20];
        Array.Fill(large, (byte)'a');
        "<html><p>"u8.CopyTo(large);
        (await ReaderProcesses.TryAsync(ReaderProcesses.Shared, large, "a.html")).Problem!.Kind.ShouldBe(ErrorKind.TooLarge);
        (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, "<p>after it"u8.ToArray(), "a.html")).Text.ShouldBe("after it");
    }

    [Fact]
    public async Task A_file_that_takes_too_long_ends_with_its_process_and_the_next_is_read()
    {
        using ReaderPool pool = new(new ReaderOptions { Processes = 1, Seconds = 1, MemoryMegabytes = 256, MaxCharacters = ReaderProcesses.MaxCharacters }, TimeProvider.System);
        // Misnested formatting makes the adoption agency of the HTML standard clone without end.
        byte[] slow = Files.Utf8(string.Concat(Enumerable.Range(0, 30_000).Select(i => $"<a><b><i><p id={i}>")) + "x");
        long began = Stopwatch.GetTimestamp();
        Problem? problem = (await ReaderProcesses.TryAsync(pool, slow, "a.html")).Problem;
        problem.ShouldNotBeNull();
        problem.Detail.ShouldMatch("within 1 s|memory|ended");
        Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeLessThan(60, "the bound, on a machine that may be busy");
        (await ReadPatientlyAsync("<p>after it")).ShouldBe("after it");
    }

    [Fact]
    public async Task Memory_beyond_the_bound_ends_the_file_and_not_the_service()
    {
        using ReaderPool pool = new(new ReaderOptions { Processes = 1, Seconds = 120, MemoryMegabytes = 64, MaxCharacters = 1 << 28 }, TimeProvider.System);
        byte[] wide = Files.Utf8(string.Concat(Enumerable.Repeat("<p class=a id=b>x", 600_000)));
        long before = Process.GetCurrentProcess().PrivateMemorySize64;
        Problem problem = (await ReaderProcesses.TryAsync(pool, wide, "a.html")).Problem!;
        problem.Detail.ShouldMatch("memory|MiB");
        (Process.GetCurrentProcess().PrivateMemorySize64 - before).ShouldBeLessThan(256L << 20);
        (await ReaderProcesses.ReadAsync(pool, "<p>after it"u8.ToArray(), "a.html")).Text.ShouldBe("after it");
    }

    [Fact]
    public async Task Without_the_program_the_reason_names_the_setting()
    {
        using ReaderPool pool = new(new ReaderOptions { Executable = "/nowhere/retrieval" }, TimeProvider.System);
        RetrievalException e = await Should.ThrowAsync<RetrievalException>(() => ReaderProcesses.ReadAsync(pool, "<p>a"u8.ToArray(), "a.html"));
        (e.Problem.Kind, e.Problem.Field).ShouldBe((ErrorKind.Unavailable, "Ingestion:Readers:Executable"));
    }

    private static async Task<string> ReadPatientlyAsync(string html) => (await ReaderProcesses.ReadAsync(ReaderProcesses.Shared, Files.Utf8(html), "a.html")).Text;

    private static byte[] Content(string kind) => kind switch
    {
        "png" => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13], "gzip" => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "elf" => [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0],
        "rtf" => Files.Utf8("{\\rtf1 words}"), "text" => Files.Utf8("only words"), "xlsx" => Files.Zip("[Content_Types].xml", "xl/workbook.xml"), "zip" => Files.Zip("a.txt"),
        "ole" => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[1000]], "locked" => Files.EncryptedDocx(), "binary" => [1, 2, 3, 200, 201, 7, 8, 9, 65],
        "cut" => Files.Docx((_, body) => body.Append(Files.Paragraph("words")))[..600], "cut16" => [0xFF, 0xFE, 65, 0, 66], "deepjson" => Files.Utf8(new string('[', 100_000)), "cutjson" => Files.Utf8("{\"a\":[1,2"),
        "wide" => Files.Utf8("a,b\n1,2,3\n"), "blank" => Files.Utf8("<html><body><script>x()</script></body></html>"), "halfpair" => Files.Utf8("{\"a\":\"\\ud83c\"}"),
        _ => [],
    };
}
