using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

/// <summary>Files that older programs wrote: each version's is kept as it was written then, and has to be read by every later program.</summary>
public sealed class SegmentVersionTests
{
    private static readonly CollectionRow Row = new(3, "old", "model", "0123456789abcdef0123456789abcdef", 8, new ChunkingSettings(), 20);

    private static string Fixtures => Path.Combine(AppContext.BaseDirectory, "Storage", "Index", "fixtures");

    /// <summary>What is in each of them.</summary>
    private static List<DocumentChange> Changes =>
    [
        .. Enumerable.Range(1, 6).Select(i => new DocumentChange(i, 100 - i, $"document {i} ü", i == 4 ? null : $$"""{"n":{{i}}}""", [.. Enumerable.Range(0, i).Select(c => (i * 10L + c, Vector(i, c)))])),
        new DocumentChange(7, 77, "removed", null, []),
    ];

    [Theory]
    [InlineData("v1.segment", null)]
    [InlineData("v2-int8-graph.segment", "int8")]
    [InlineData("v2-pca4-graph.segment", "pca4:4")]
    public void A_file_of_an_older_version_is_used(string name, string? codec)
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(Fixtures, name), folder["000000000000-000000000007-0.segment"]);
        ListLogger logger = new();
        CollectionStore store = CollectionStore.Open(Row with { Codec = codec }, folder.Path, new IndexOptions { SealRows = 1 }, new SegmentTools(SegmentTools.CreateFile, new RowSource(_ => new Dictionary<long, float[]>(), logger), logger));
        store.Index.Snapshot.Seq.ShouldBe(7);
        PartSlice slice = store.Index.Snapshot.Slices[0];
        slice.Part.Handles.ToArray().ShouldBe(Changes.SelectMany(c => c.Chunks).Select(c => c.Row));
        foreach ((DocumentChange change, int i) in Changes.Take(6).Select((c, i) => (c, i)))
        {
            (slice.Part.Id(i), slice.Part.Document(i).Key, slice.Part.Document(i).Seq).ShouldBe((change.Id, change.Document, change.Seq));
            System.Text.Encoding.UTF8.GetString(slice.Part.Metadata(i)).ShouldBe(change.Metadata ?? "");
        }
        slice.Part.Removed.ShouldBe(codec is null ? [(77, 7)] : [], "the files of version 2 were the oldest of their collection");
        ((SegmentPart)slice.Part).Codec?.Wanted.ShouldBe(codec);
        (((SegmentPart)slice.Part).Graph?.Rows).ShouldBe(codec is null ? null : 21);
        store.Index.Snapshot.Search(Vector(5, 2), 3, null, IndexModel.Effort, default)[0].Row.ShouldBe(65);
        FilterPlan filter = FilterReader.Read(new Filter { Must = [new Condition { HasId = [System.Text.Json.JsonSerializer.SerializeToElement("document 2 ü")] }] })!;
        store.Index.Snapshot.Search(Vector(5, 2), 9, filter, IndexModel.Effort, default).Select(h => h.Row).Order().ShouldBe([20, 21]);
        // Written again with others, in this version.
        store.Index.Apply([new DocumentChange(8, 200, "new", null, [.. Enumerable.Range(0, 30).Select(c => (100L + c, Vector(9, 9 + c)))])]);
        store.Maintain(1, default).ShouldBeTrue();
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).ShouldBe(["000000000000-000000000008-0.segment"]);
        store.Index.Snapshot.Search(Vector(9, 9), 20, null, IndexModel.Effort, default)[0].Row.ShouldBe(129);
        logger.Lines.ShouldBeEmpty();
    }

    private static float[] Vector(int document, int chunk) => [.. Enumerable.Range(0, 8).Select(j => document + chunk / 8f + (j == chunk ? 1 : 0))];
}
