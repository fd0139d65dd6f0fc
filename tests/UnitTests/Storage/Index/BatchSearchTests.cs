using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

/// <summary>Many queries in one call: the answers of one after another, bit for bit.</summary>
public sealed class BatchSearchTests
{
    private const int Dimensions = 32;

    [Theory]
    [InlineData(null, false)]
    [InlineData("int8", false)]
    [InlineData("pca:16", false)]
    [InlineData("pca4:8", false)]
    [InlineData("int8", true)]
    public async Task A_batch_is_what_its_queries_are_alone(string? codec, bool graph)
    {
        using TemporaryFolder folder = new();
        (IndexModel model, ListLogger logger) = (new(11, Dimensions) { Codec = codec }, new());
        CollectionStore store = model.Open(folder.Path, new IndexOptions { SealRows = 700, CodecRows = 500, GraphRows = graph ? 400 : 1_000_000 }, logger);
        for (int i = 0; i < 5; i++)
        {
            store.Index.Apply(model.Change(120, keys: 700));
            await store.TrainAsync(new LocalCodecTrainer(), default);
            store.Maintain(1, default).ShouldBeTrue();
        }
        store.Index.Apply(model.Change(20, keys: 700)); // some rows are in memory
        foreach (int count in (int[])[1, 2, 7, 40])
        {
            ReadOnlyMemory<float>[] queries = [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<float>)model.Vector())];
            (FilterPlan? filter, int top) = (FilterReader.Read(model.Filter()), count == 7 ? 100_000 : 10);
            var batch = store.Index.Snapshot.Search(queries, top, filter, IndexModel.Effort, default);
            batch.Count.ShouldBe(count);
            for (int q = 0; q < count; q++)
            {
                batch[q].ShouldBe(store.Index.Snapshot.Search(queries[q], top, filter, IndexModel.Effort, default), $"{codec}, {count} queries, number {q}");
            }
        }
        logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_query_of_a_batch_is_checked_and_a_batch_can_be_empty_or_cancelled()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex();
        await index.StartAsync(default);
        index.Search(row, [[1, 0, 0, 0], [0, 1, 0, 0]], 3, null, default).ShouldAllBe(found => found.Count == 0);
        await index.WaitForSeqAsync(row.Id, await opened.StoreAsync(row, "d", "words", [1, 0, 0, 0], [0, 1, 0, 0]), default);
        index.Search(row, [[1, 0, 0, 0], [0, 1, 0, 0]], 1, null, default).Select(found => found.Single().Score).ShouldBe([1, 1]);
        index.Search(row, (IReadOnlyList<float[]>)[], 3, null, default).ShouldBeEmpty();
        Should.Throw<RetrievalException>(() => index.Search(row, [[1, 0, 0, 0], [1, 0, 0]], 3, null, default)).Problem.Value.ShouldBe("3");
        Should.Throw<RetrievalException>(() => index.Search(row, [[1, 0, 0, 0], [1, float.NaN, 0, 0]], 3, null, default)).Problem.Detail.ShouldContain("Dimension 1 of the query is NaN");
        Should.Throw<OperationCanceledException>(() => index.Search(row, [[1, 0, 0, 0], [0, 1, 0, 0]], 3, null, new CancellationToken(true)));
    }
}
