using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

/// <summary>What an index says of its codec while files are written again.</summary>
public sealed class CodecProgressTests
{
    private static readonly LocalCodecTrainer Trainer = new();

    [Fact]
    public async Task An_index_tells_what_it_is_at_from_waiting_to_ready()
    {
        using TemporaryFolder folder = new();
        IndexModel model = new(21, 16);
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 100, CodecRows = 400 }, new ListLogger());
        store.Index.Apply(model.Change(30, keys: 100_000));
        store.Maintain(1, default).ShouldBeTrue();
        store.Describe().ShouldSatisfyAllConditions(i => i.Stage.ShouldBe(CodecStage.Ready), i => i.Codec.ShouldBeNull(), i => i.Coded.ShouldBe(i.Sealed), i => (i.Sealed + i.InMemory).ShouldBe(model.Rows));
        store.Want("int8", IndexKind.Auto);
        store.Describe().ShouldSatisfyAllConditions(i => i.Stage.ShouldBe(CodecStage.Waiting), i => i.Codec.ShouldBe("int8"), i => i.Coded.ShouldBe(0), i => i.Reason.ShouldBe($"A codec is used from 400 chunks on (Storage:Index:CodecRows); there are {model.Rows}."));
        store.Index.Apply(model.Change(120, keys: 100_000));
        store.Describe().Stage.ShouldBe(CodecStage.Training);
        await store.TrainAsync(Trainer, default);
        store.Describe().Stage.ShouldBe(CodecStage.Coding);
        store.Maintain(1, default).ShouldBeTrue();
        store.Describe().ShouldSatisfyAllConditions(i => i.Stage.ShouldBe(CodecStage.Ready), i => i.Coded.ShouldBe(i.Sealed), i => i.Sealed.ShouldBeGreaterThan(400), i => i.Reason.ShouldBeNull());
        store.Want(null, IndexKind.Auto);
        store.Describe().Stage.ShouldBe(CodecStage.Training);
        await store.TrainAsync(Trainer, default);
        (store.Describe().Stage, store.Describe().Coded).ShouldBe((CodecStage.Coding, 0));
    }

    [Fact]
    public async Task A_codec_that_cannot_be_trained_is_told_with_its_reason_until_another_one_is_wanted()
    {
        using TemporaryFolder folder = new();
        IndexModel model = new(22, 16);
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 100, CodecRows = 200 }, new ListLogger());
        store.Index.Apply(model.Change(80, keys: 100_000));
        store.Want("pq:15", IndexKind.Auto);
        await store.TrainAsync(Trainer, default);
        store.Describe().ShouldSatisfyAllConditions(i => i.Stage.ShouldBe(CodecStage.Refused), i => i.Reason.ShouldNotBeNull().ShouldContain("16 dimensions cannot be cut into 15"));
        store.Want("pq:4", IndexKind.Auto);
        store.Describe().Reason.ShouldBeNull();
        await store.TrainAsync(Trainer, default);
        store.Maintain(1, default).ShouldBeTrue();
        store.Describe().Stage.ShouldBe(CodecStage.Ready);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_sample_is_as_large_as_asked_spread_over_all_and_of_living_rows_only(int seed)
    {
        using TemporaryFolder folder = new();
        IndexModel model = new(seed, 4);
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 100 }, new ListLogger());
        for (int i = 0; i < 4; i++)
        {
            store.Index.Apply(model.Change(60));
            store.Maintain(1, default).ShouldBeTrue();
        }
        List<(long Row, float[] Vector)> living = [.. model.After(0).SelectMany(c => c.Chunks).Select(c => (c.Row, c.Vector))];
        foreach (int wanted in (int[])[1, 7, model.Rows - 1, model.Rows, model.Rows + 10])
        {
            IReadOnlyList<long> rows = store.Index.Snapshot.SampleRows(wanted, seed);
            rows.Count.ShouldBe(Math.Min(wanted, model.Rows), $"{wanted} of {model.Rows}");
            rows.ShouldBeUnique();
            IReadOnlyDictionary<long, float[]> vectors = model.Vectors(rows);
            store.Index.Snapshot.Sample(wanted, seed).ShouldBe(rows.SelectMany(r => vectors[r]));
        }
        living.Count.ShouldBe(model.Rows);
    }
}
