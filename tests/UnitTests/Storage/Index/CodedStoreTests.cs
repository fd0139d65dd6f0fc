using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

/// <summary>Files with codes, with a graph, and with both.</summary>
public sealed class CodedStoreTests
{
    private const int Dimensions = 32;
    private static readonly LocalCodecTrainer Trainer = new();

    [Theory]
    [InlineData("float16", IndexKind.Auto, nameof(Structure.None))]
    [InlineData("int8", IndexKind.Auto, nameof(Structure.None))]
    [InlineData("pca:16", IndexKind.Auto, nameof(Structure.None))]
    [InlineData("pca4:16", IndexKind.Auto, nameof(Structure.None))]
    [InlineData("pq4:16", IndexKind.Auto, nameof(Structure.None))]
    [InlineData("opq+:16", IndexKind.Auto, nameof(Structure.None))]
    [InlineData(null, IndexKind.Graph, nameof(Structure.None))]
    [InlineData("int8", IndexKind.Graph, nameof(Structure.Graph))]
    [InlineData("pca:16", IndexKind.Graph, nameof(Structure.Graph))]
    [InlineData("pca4:16", IndexKind.Graph, nameof(Structure.Graph))]
    [InlineData("int8", IndexKind.Ivf, nameof(Structure.Lists))]
    [InlineData("pca:16", IndexKind.Ivf, nameof(Structure.Lists))]
    [InlineData("pca4:16", IndexKind.Ivf, nameof(Structure.Lists))]
    [InlineData("pca4:16", IndexKind.Exact, nameof(Structure.None))]
    public async Task Codes_graphs_and_lists_find_nearly_all_with_exact_scores_through_changes_filters_and_restarts(string? codec, IndexKind kind, string structure)
    {
        using TemporaryFolder folder = new();
        IndexOptions options = new() { SealRows = 300, CodecRows = 500 };
        (IndexModel model, ListLogger logger) = (new(1, Dimensions) { Codec = codec, Index = kind, Clusters = kind == IndexKind.Ivf ? 30 : 0 }, new());
        CollectionStore store = model.Open(folder.Path, options, logger);
        for (int i = 0; i < 6; i++)
        {
            store.Index.Apply(model.Change(80, keys: 700));
            await MaintainAsync(store);
            model.Recall(store, 10).ShouldBeGreaterThan(0.9, $"{codec}, round {i}");
        }
        SegmentPart[] parts = Parts(store);
        parts.ShouldAllBe(p => p.Codec == null == (codec == null));
        parts.ShouldAllBe(p => p.Packed == null == (codec == null || !codec.Contains('4')));
        parts.ShouldAllBe(p => p.Structure.ToString() == (p.Rows >= 500 ? structure : nameof(Structure.None)), "for codes: without them answers are exact");
        parts.ShouldContain(p => p.Rows >= 500);
        parts.ShouldAllBe(p => p.Lists == null || p.Lists.Probes * 3 < p.Lists.Count * 0.9, "lists are left unread");
        double recall = model.Recall(store, 40);
        recall.ShouldBeGreaterThan(kind == IndexKind.Exact ? 0.9999 : 0.95, $"{codec}");
        byte[]? trained = store.Codec?.Write();
        store = model.Open(folder.Path, options, logger);
        Parts(store).Select(p => p.Structure).ShouldBe(parts.Select(p => p.Structure));
        store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1)]);
        store.Codec?.Write().ShouldBe(trained, "trained once");
        model.Recall(store, 40).ShouldBeGreaterThan(0.95, $"{codec}, after a restart");
        logger.Lines.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("int8", IndexKind.Ivf)]
    [InlineData("pca4:16", IndexKind.Ivf)]
    [InlineData("int8", IndexKind.Graph)]
    [InlineData("pca4:16", IndexKind.Auto)]
    public async Task However_few_rows_pass_the_answer_is_as_long_as_they_are_many_and_a_search_of_everything_is_whole(string codec, IndexKind kind)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(5, Dimensions) { Codec = codec, Index = kind, Clusters = kind == IndexKind.Ivf ? 30 : 0 }, new());
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 300, CodecRows = 500 }, logger);
        store.Index.Apply(model.Change(500, keys: 100_000));
        await MaintainAsync(store);
        store.Index.Apply(model.Remove(model.After(0).Where(c => c.Seq % 4 == 0).Select(c => c.Document)));
        foreach (int wanted in (int[])[1, 2, 7, 60, 300])
        {
            Filter filter = new() { Must = [new Condition { HasId = [.. model.After(0).Where(c => c.Chunks.Count > 0).Take(wanted).Select(c => System.Text.Json.JsonSerializer.SerializeToElement(c.Id))] }] };
            float[] query = model.Vector();
            List<(long Row, float Score)> all = model.Expected(query, int.MaxValue, filter);
            all.Count.ShouldBeGreaterThanOrEqualTo(wanted);
            store.Index.Snapshot.Search(query, all.Count, FilterReader.Read(filter), IndexModel.Effort, default).ShouldBe(all);
            store.Index.Snapshot.Search(query, 10, FilterReader.Read(filter), IndexModel.Effort, default).Count.ShouldBe(Math.Min(10, all.Count));
        }
        float[] asked = model.Vector();
        store.Index.Snapshot.Search(asked, 100_000, null, IndexModel.Effort, default).ShouldBe(model.Expected(asked, 100_000, null));
        Should.Throw<OperationCanceledException>(() => store.Index.Snapshot.Search(asked, 10, null, IndexModel.Effort, new CancellationToken(true)));
    }

    [Theory]
    [InlineData(IndexKind.Graph, 1)]
    [InlineData(IndexKind.Graph, 2)]
    [InlineData(IndexKind.Ivf, 3)]
    public async Task What_is_appended_replaces_nothing_and_the_next_graph_begins_with_the_one_before(IndexKind kind, int seed)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(seed, Dimensions) { Codec = "int8" }, new());
        IndexOptions options = new() { SealRows = 300, CodecRows = 500 };
        CollectionStore store = model.Open(folder.Path, options, logger);
        store.Index.Apply(model.Change(300, keys: 700));
        await MaintainAsync(store);
        string path = Parts(store).Single().Path;
        byte[] before = File.ReadAllBytes(path);
        IndexSnapshot old = store.Index.Snapshot;
        float[] query = model.Vector();
        IReadOnlyList<(long, float)> found = old.Search(query, 10, null, IndexModel.Effort, default);
        store.Want("int8", kind).ShouldBeTrue();
        await MaintainAsync(store);
        Parts(store).Single().Path.ShouldBe(path);
        byte[] after = File.ReadAllBytes(path);
        after.AsSpan(0, before.Length).SequenceEqual(before).ShouldBeTrue("the sealed part is as it was");
        old.Search(query, 10, null, IndexModel.Effort, default).ShouldBe(found, "an old snapshot stays true");
        model.Recall(store, 20).ShouldBeGreaterThan(0.9);
        for (int round = 0; round < 4; round++)
        {
            store.Index.Apply(model.Change(240, keys: 700));
            await MaintainAsync(store);
            model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"round {round}");
        }
        // Whatever end is missing, the file is valid without what was appended: a crash in between, or a write that was torn.
        SegmentPart last = Parts(store).First(p => p.Structure != Structure.None);
        byte[] whole = File.ReadAllBytes(last.Path);
        long end = SegmentHead.Read(whole).End;
        last.Dispose();
        foreach (long cut in (long[])[end, end + 1, end + 511, end + 512, end + 5000, whole.Length - 64])
        {
            File.WriteAllBytes(last.Path, whole[..(int)cut]);
            using SegmentPart without = SegmentPart.Open(last.Path, 7, model.Row.Space, Dimensions, new RowSource(model.Vectors, logger));
            without.Structure.ShouldBe(Structure.None, $"{cut} of {whole.Length}, {end}");
        }
        byte[] torn = [.. whole];
        torn.AsSpan((int)end, 512).Clear();
        File.WriteAllBytes(last.Path, torn);
        store = model.Open(folder.Path, options, logger);
        store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1)]);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95);
        store.Want("int8", kind);
        await MaintainAsync(store);
        Parts(store).ShouldContain(p => p.Structure == (kind == IndexKind.Graph ? Structure.Graph : Structure.Lists));
        model.Recall(store, 20).ShouldBeGreaterThan(0.95);
        logger.Lines.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(600)]
    [InlineData(20_000)]
    public async Task A_disk_that_is_full_while_something_is_appended_leaves_the_file_as_it_was(int room)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger, bool full) = (new(6, Dimensions) { Codec = "int8", Index = IndexKind.Graph }, new(), true);
        SegmentTools tools = new(SegmentTools.CreateFile, new RowSource(model.Vectors, logger), logger);
        List<DocumentChange> changes = model.Change(400, keys: 100_000);
        CollectionStore store = CollectionStore.Open(model.Row, folder.Path, new IndexOptions { SealRows = 300, CodecRows = 500 }, tools with { Extend = path => full ? new FullDisk(path, room) : tools.Extend(path) });
        store.Index.Apply(changes);
        await store.TrainAsync(Trainer, default);
        store.Maintain(30, default).ShouldBeFalse();
        logger.Lines.ShouldHaveSingleItem().ShouldContain("No space left on device.");
        byte[] file = File.ReadAllBytes(Parts(store).Single().Path);
        file.LongLength.ShouldBe(SegmentHead.Read(file).End);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95);
        full = false;
        store.Maintain(30, default).ShouldBeTrue();
        Parts(store).Single().Structure.ShouldBe(Structure.Graph);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95);
    }

    [Fact]
    public async Task Another_codec_is_trained_and_the_files_are_written_again_while_searches_go_on()
    {
        using TemporaryFolder folder = new();
        IndexOptions options = new() { SealRows = 300, CodecRows = 500 };
        (IndexModel model, ListLogger logger) = (new(2, Dimensions), new());
        CollectionStore store = model.Open(folder.Path, options, logger);
        store.Index.Apply(model.Change(300, keys: 100_000));
        await MaintainAsync(store);
        Parts(store).ShouldAllBe(p => p.Codec == null);
        foreach (string? codec in (string?[])["int8", "pca:8", null, "float16"])
        {
            IndexSnapshot before = store.Index.Snapshot;
            float[] query = model.Vector();
            var found = before.Search(query, 10, null, IndexModel.Effort, default);
            store.Want(codec, IndexKind.Auto).ShouldBeTrue();
            store.Want(codec, IndexKind.Auto).ShouldBeFalse();
            await MaintainAsync(store);
            Parts(store).ShouldAllBe(p => (p.Codec == null ? null : p.Codec.Wanted) == codec);
            before.Search(query, 10, null, IndexModel.Effort, default).ShouldBe(found, "an old snapshot stays true");
            model.Recall(store, 20).ShouldBeGreaterThan(0.9, codec);
        }
    }

    [Theory]
    [InlineData("int8", IndexKind.Graph, nameof(SectionKind.Codes), "Block 0 of the Codes in segment")]
    [InlineData("int8", IndexKind.Graph, nameof(SectionKind.Codec), "block 0 of its Codec is damaged")]
    [InlineData("int8", IndexKind.Graph, nameof(SectionKind.Graph), "The Graph in segment")]
    [InlineData("int8", IndexKind.Ivf, nameof(SectionKind.Lists), "The Lists in segment")]
    [InlineData("pca4:16", IndexKind.Auto, nameof(SectionKind.Packed), "Block 0 of the Packed in segment")]
    [InlineData("pca4:16", IndexKind.Ivf, nameof(SectionKind.ListCodes), "Block 0 of the ListCodes in segment")]
    public async Task A_damaged_section_is_named_left_out_of_use_and_made_again(string codec, IndexKind kind, string section, string line)
    {
        using TemporaryFolder folder = new();
        IndexOptions options = new() { SealRows = 300, CodecRows = 500 };
        (IndexModel model, ListLogger logger) = (new(3, Dimensions) { Codec = codec, Index = kind, Clusters = kind == IndexKind.Ivf ? 30 : 0 }, new());
        CollectionStore store = model.Open(folder.Path, options, logger);
        store.Index.Apply(model.Change(400, keys: 100_000));
        await MaintainAsync(store);
        string file = Parts(store).Single().Path;
        long at = Place(file, Enum.Parse<SectionKind>(section));
        Parts(store).Single().Dispose();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[at + 100] ^= 8;
        File.WriteAllBytes(file, bytes);
        store = model.Open(folder.Path, options, logger = new());
        store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1, keys: 100_000)]);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"{section}");
        logger.Lines.Single().ShouldContain(line);
        await MaintainAsync(store);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"{section}, written again");
        foreach (SegmentPart part in Parts(store))
        {
            part.Dispose();
        }
        store = model.Open(folder.Path, options, logger = new());
        store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1, keys: 100_000)]);
        model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"{section}, opened again");
        logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_codec_that_does_not_take_the_vectors_is_said_and_left_out()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(4, Dimensions) { Codec = "int8" }, new());
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 300, CodecRows = 500 }, logger);
        store.Index.Apply(model.Change(200, keys: 100_000));
        await MaintainAsync(store);
        store.Want("pq:31", IndexKind.Auto);
        await MaintainAsync(store);
        logger.Lines.Single().ShouldContain("Codec pq:31 of collection c could not be trained:");
        model.Recall(store, 20).ShouldBeGreaterThan(0.95);
    }

    private static async Task MaintainAsync(CollectionStore store)
    {
        await store.TrainAsync(Trainer, default);
        store.Maintain(1, default).ShouldBeTrue();
    }

    private static SegmentPart[] Parts(CollectionStore store) => [.. store.Index.Snapshot.Slices.Select(s => s.Part).OfType<SegmentPart>()];

    /// <summary>Where a section begins, be it in the file as it was sealed or appended.</summary>
    private static long Place(string file, SectionKind kind)
    {
        byte[] bytes = File.ReadAllBytes(file);
        SegmentHead head = SegmentHead.Read(bytes);
        return head.Sections.Concat(head.End < bytes.Length ? SegmentHead.Read(bytes.AsSpan((int)head.End), appended: true).Sections : []).Single(s => s.Kind == kind).Offset;
    }

    /// <summary>A file that takes so many bytes more.</summary>
    private sealed class FullDisk(string path, int room) : FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0)
    {
        private int _left = room;

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, Math.Min(count, _left));
            if ((_left -= Math.Min(count, _left)) == 0)
            {
                throw new IOException("No space left on device.");
            }
        }
    }
}
