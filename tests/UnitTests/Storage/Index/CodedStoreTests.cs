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
    [InlineData("float16", false)]
    [InlineData("int8", false)]
    [InlineData("pca:16", false)]
    [InlineData("opq+:16", false)]
    [InlineData(null, true)]
    [InlineData("int8", true)]
    [InlineData("pca:16", true)]
    public async Task Codes_and_graphs_find_nearly_all_with_exact_scores_through_changes_filters_and_restarts(string? codec, bool graph)
    {
        using TemporaryFolder folder = new();
        IndexOptions options = new() { SealRows = 300, CodecRows = 500, GraphRows = graph ? 400 : 1_000_000 };
        (IndexModel model, ListLogger logger) = (new(1, Dimensions) { Codec = codec }, new());
        CollectionStore store = model.Open(folder.Path, options, logger);
        for (int i = 0; i < 6; i++)
        {
            store.Index.Apply(model.Change(80, keys: 700));
            await MaintainAsync(store);
            model.Recall(store, 10).ShouldBeGreaterThan(0.9, $"{codec}, round {i}");
        }
        SegmentPart[] parts = Parts(store);
        parts.ShouldAllBe(p => p.Codec == null == (codec == null));
        parts.Any(p => p.Graph is not null).ShouldBe(graph && codec is not null, "a graph is for codes: without them answers are exact");
        double recall = model.Recall(store, 40);
        recall.ShouldBeGreaterThan(0.95, $"{codec}");
        byte[]? trained = store.Codec?.Write();
        store = model.Open(folder.Path, options, logger);
        store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1)]);
        store.Codec?.Write().ShouldBe(trained, "trained once");
        model.Recall(store, 40).ShouldBeGreaterThan(0.95, $"{codec}, after a restart");
        logger.Lines.ShouldBeEmpty();
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
            store.Want(codec).ShouldBeTrue();
            store.Want(codec).ShouldBeFalse();
            await MaintainAsync(store);
            Parts(store).ShouldAllBe(p => (p.Codec == null ? null : p.Codec.Wanted) == codec);
            before.Search(query, 10, null, IndexModel.Effort, default).ShouldBe(found, "an old snapshot stays true");
            model.Recall(store, 20).ShouldBeGreaterThan(0.9, codec);
        }
    }

    [Fact]
    public async Task A_damaged_block_of_codes_is_made_again_and_a_damaged_codec_or_graph_gives_up_the_file()
    {
        using TemporaryFolder folder = new();
        IndexOptions options = new() { SealRows = 300, CodecRows = 500, GraphRows = 1000 };
        (IndexModel model, ListLogger logger) = (new(3, Dimensions) { Codec = "int8" }, new());
        CollectionStore store = model.Open(folder.Path, options, logger);
        store.Index.Apply(model.Change(400, keys: 100_000));
        await MaintainAsync(store);
        foreach ((SectionKind kind, string line) in (IEnumerable<(SectionKind, string)>)[(SectionKind.Codes, "Block 0 of the codes in segment"), (SectionKind.Codec, "block 0 of its Codec is damaged"), (SectionKind.Graph, "block 0 of its Graph is damaged")])
        {
            string file = Parts(store).Single().Path;
            Parts(store).Single().Dispose();
            byte[] bytes = File.ReadAllBytes(file);
            bytes[SegmentHead.Read(bytes).Sections.Single(s => s.Kind == kind).Offset + 100] ^= 8;
            File.WriteAllBytes(file, bytes);
            store = model.Open(folder.Path, options, logger = new());
            store.Index.Apply([.. model.After(store.Index.Snapshot.Seq), .. model.Change(1, keys: 100_000)]);
            model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"{kind}");
            logger.Lines.Single().ShouldContain(line);
            await MaintainAsync(store);
            model.Recall(store, 20).ShouldBeGreaterThan(0.95, $"{kind}, written again");
        }
    }

    [Fact]
    public async Task A_codec_that_does_not_take_the_vectors_is_said_and_left_out()
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(4, Dimensions) { Codec = "int8" }, new());
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 300, CodecRows = 500 }, logger);
        store.Index.Apply(model.Change(200, keys: 100_000));
        await MaintainAsync(store);
        store.Want("pq:31");
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
}
