using System.Text;
using Retrieval.Contracts;
using Retrieval.Ingestion.Sources;
using Retrieval.Storage;
using Retrieval.UnitTests.Storage;

namespace Retrieval.UnitTests.Ingestion.Sources;

/// <summary>A folder into a real catalog. Jobs are accepted and not worked on: what is sent and removed is the matter here.</summary>
public sealed class FolderSyncTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Only_what_changed_is_sent_and_what_is_gone_is_removed()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("a.md", "# A");
        Write("sub/b.txt", "B");
        Write("c.txt", "C");
        (await RunAsync(opened, row)).ShouldBe("a.md:Accepted c.txt:Accepted sub/b.txt:Accepted | 0 unchanged, 0 removed");
        (await RunAsync(opened, row)).ShouldBe(" | 3 unchanged, 0 removed");
        Write("a.md", "# A new");
        File.Delete(_folder["c.txt"]);
        Write("d.txt", "D");
        (await RunAsync(opened, row)).ShouldBe("a.md:Accepted c.txt:Accepted d.txt:Accepted | 1 unchanged, 1 removed");
        (await RunAsync(opened, row)).ShouldBe(" | 3 unchanged, 0 removed");
    }

    [Fact]
    public async Task A_look_with_the_same_object_does_not_read_what_has_not_changed()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("a.txt", "A");
        File.SetLastWriteTimeUtc(_folder["a.txt"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        FolderSync sync = Sync(opened, row);
        await sync.RunAsync(null, null, Now, default);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder["a.txt"], UnixFileMode.None); // a read would fail where the test is not root
        }
        Shown(await sync.RunAsync(null, null, Now, default)).ShouldBe(" | 1 unchanged, 0 removed");
    }

    [Fact]
    public async Task Globs_hidden_files_unknown_endings_links_and_pipes()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        foreach (string path in (string[])["a.md", "a.png", ".hidden.md", ".git/config.txt", "node_modules/x/readme.md", "drafts/one.md", "deep/er/b.md", "deep/er/c.txt"])
        {
            Write(path, "text");
        }
        Directory.CreateSymbolicLink(_folder["deep/loop"], _folder.Path);
        File.CreateSymbolicLink(_folder["passwd.txt"], "/etc/passwd");
        System.Diagnostics.Process.Start("mkfifo", [_folder["pipe.txt"]])!.WaitForExit();
        (await RunAsync(opened, row, exclude: ["node_modules", "drafts/**"])).ShouldBe("a.md:Accepted deep/er/b.md:Accepted deep/er/c.txt:Accepted pipe.txt:Failed | 0 unchanged, 0 removed");
        (await RunAsync(opened, row, include: ["**/*.md"], exclude: ["node_modules"], name: "other")).ShouldBe("a.md:Accepted deep/er/b.md:Accepted drafts/one.md:Accepted | 0 unchanged, 0 removed");
    }

    [Fact]
    public async Task What_cannot_be_looked_at_is_told_and_not_taken_for_removed()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("a.txt", "A");
        Write("b.txt", "B");
        await RunAsync(opened, row);
        Write("a.txt", new string('x', 2000));
        (await RunAsync(opened, row, maxBytes: 1000)).ShouldBe("a.txt:Failed | 1 unchanged, 0 removed");
        (await opened.Catalog.ListDocumentsAsync(row, _folder.Path, null, 10, default)).Documents.Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_empty_folder_removes_nothing_and_a_missing_one_neither()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("a.txt", "A");
        await RunAsync(opened, row);
        File.Delete(_folder["a.txt"]);
        (await RunAsync(opened, row)).ShouldContain("Failed | 0 unchanged, 0 removed");
        await Should.ThrowAsync<RetrievalException>(() => new FolderSync(new SourceFolder(_folder["nowhere"], [], []), "n", new CatalogTarget(opened.Catalog, row, TimeProvider.System), new FieldMapping(), 1000).RunAsync(null, null, Now, default));
    }

    [Fact]
    public async Task Records_are_documents_of_their_own_with_the_fields_that_are_named()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("faq.csv", "nr,question,answer,topic\n1,How?,So.,x\n2,Why?,\"Because, of it.\",y\n");
        Write("list.json", """[{"nr":7,"question":"Where?","answer":"There.","topic":"z"}]""");
        FieldMapping fields = new() { Id = "nr", Title = "question", Text = "answer" };
        (await RunAsync(opened, row, fields: fields)).ShouldBe("1:Accepted 2:Accepted 7:Accepted | 0 unchanged, 0 removed");
        DocumentInfo second = (await opened.Catalog.FindDocumentAsync(row, "2", default))!;
        (second.Title, second.Text, second.Metadata!["topic"].GetString(), second.Metadata["source"].GetProperty("path").GetString()).ShouldBe(("Why?", "Because, of it.", "y", "faq.csv"));
        Write("faq.csv", "nr,question,answer,topic\n2,Why?,\"Because, of it.\",y\n3,New?,Yes.,x\n");
        (await RunAsync(opened, row, fields: fields)).ShouldBe("1:Accepted 3:Accepted | 2 unchanged, 1 removed");
    }

    [Fact]
    public async Task A_table_without_a_text_is_one_document_and_one_with_it_many()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Write("plain.csv", "name,town\nAnna,Bonn\n");
        Write("texts.csv", "text,year\nSome words.,2020\nOther words.,2021\n");
        Write("more.ndjson", "{\"id\":\"n1\",\"text\":\"A line.\"}\n\nno json\n{\"id\":\"n1\",\"text\":\"Twice.\"}\n{\"id\":\"n2\",\"text\":\"A line.\",\"colour\":1}\n");
        (await RunAsync(opened, row)).ShouldBe("more.ndjson, line 3:Failed more.ndjson, line 4:Failed n1:Accepted n2:Failed plain.csv:Accepted texts.csv#1:Accepted texts.csv#2:Accepted | 0 unchanged, 0 removed");
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllBytes(_folder[path], Encoding.UTF8.GetBytes(text));
    }

    private FolderSync Sync(OpenedCatalog opened, CollectionRow row, string[]? include = null, string[]? exclude = null, FieldMapping? fields = null, long maxBytes = 1 << 20, string? name = null) =>
        new(new SourceFolder(_folder.Path, include ?? [], exclude ?? []), name ?? _folder.Path, new CatalogTarget(opened.Catalog, row, TimeProvider.System), fields ?? new FieldMapping(), maxBytes);

    private async Task<string> RunAsync(OpenedCatalog opened, CollectionRow row, string[]? include = null, string[]? exclude = null, FieldMapping? fields = null, long maxBytes = 1 << 20, string? name = null) =>
        Shown(await Sync(opened, row, include, exclude, fields, maxBytes, name).RunAsync(null, null, Now, default));

    private static string Shown(SyncReport report) => $"{string.Join(' ', report.Verdicts.Select(v => $"{v.Id}:{v.Status}"))} | {report.Unchanged.Count} unchanged, {report.Removed} removed";
}
