using Retrieval.Contracts;
using Retrieval.Storage;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Storage;

public sealed class EmbeddedIndexTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Compaction_and_growth_keep_results_equal_to_a_plain_scan_and_old_snapshots_stay_true(int seed)
    {
        const int Dimensions = 6;
        Random random = new(seed);
        CollectionRows rows = new(Dimensions);
        Dictionary<long, List<(long Row, float[] Vector)>> model = [];
        List<(RowsSnapshot Snapshot, float[] Query, List<(long, float)> Expected)> published = [];
        int mostRows = 0, compactions = 0;
        long nextRow = 1, seq = 0;
        for (int step = 0; step < 400; step++)
        {
            List<DocumentChange> changes = [];
            for (int i = random.Next(1, 20); i > 0; i--)
            {
                long document = random.Next(150);
                List<(long, float[])> chunks = [.. Enumerable.Range(0, random.Next(5) == 0 ? 0 : random.Next(1, 20)).Select(_ => (nextRow++, Vector(random, Dimensions)))];
                model[document] = chunks;
                changes.Add(new DocumentChange(++seq, document, $"d{document}", null, chunks));
            }
            RowsSnapshot snapshot = rows.Apply(changes);
            compactions += snapshot.Rows < mostRows ? 1 : 0;
            mostRows = snapshot.Rows;
            float[] query = Vector(random, Dimensions);
            published.Add((snapshot, query, Scan(model, query)));
            published = published.Count > 30 ? published[^15..] : published;
            foreach ((RowsSnapshot old, float[] asked, List<(long, float)> expected) in published)
            {
                old.Search(asked, 10, null).ShouldBe(expected, $"seed {seed}, step {step}, snapshot {old.Seq}");
            }
            foreach ((long row, _) in model.Values.SelectMany(c => c).Where(_ => random.Next(50) == 0))
            {
                snapshot.Handles[snapshot.Find(row)].ShouldBe(row, $"seed {seed}, step {step}");
            }
        }
        compactions.ShouldBeGreaterThan(3, $"seed {seed}");
    }

    [Fact]
    public async Task Readers_see_neither_a_gap_nor_a_double_while_a_document_is_replaced_again_and_again()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = new(opened.Catalog, TimeProvider.System);
        await index.StartAsync(default);
        await opened.StoreAsync(row, "other", "constant words", [0, 1, 0, 0]);
        await index.WaitForSeqAsync(row.Id, await opened.StoreAsync(row, "d", "replaced words", [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]), default);
        using CancellationTokenSource stop = new();
        Task<int>[] readers = [.. Enumerable.Range(0, 3).Select(i => Task.Factory.StartNew(() => ReadAsync(opened.Catalog, index, row, i == 0, stop.Token), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())];
        long seq = 0;
        for (int i = 0; i < 300; i++)
        {
            seq = await opened.StoreAsync(row, "d", "replaced words", [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]);
        }
        await stop.CancelAsync();
        (await Task.WhenAll(readers).WaitAsync(Hang)).ShouldAllBe(rounds => rounds > 0);
        await index.WaitForSeqAsync(row.Id, seq, default).WaitAsync(Hang);
        index.Search(row, [1, 0, 0, 0], 10, null).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Waiting_for_a_change_ends_when_its_collection_is_deleted()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = new(opened.Catalog, TimeProvider.System);
        await index.StartAsync(default);
        Task never = index.WaitForSeqAsync(row.Id, 1000, default), notYet = index.WaitForSeqAsync(row.Id + 1, 1, default);
        await opened.Catalog.DeleteCollectionAsync("c", default);
        await never.WaitAsync(Hang);
        await index.WaitForSeqAsync(row.Id, 1000, default).WaitAsync(Hang);
        notYet.IsCompleted.ShouldBeFalse("that collection is still to come");
        CollectionRow next = await opened.CreateCollectionAsync("next");
        next.Id.ShouldBe(row.Id + 1);
        await opened.StoreAsync(next, "d", "words", [1, 0, 0, 0]);
        await notYet.WaitAsync(Hang);
        index.Search(next, [1, 0, 0, 0], 10, null).Count.ShouldBe(1);
        index.Search(row, [1, 0, 0, 0], 10, null).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_query_of_another_length_and_a_collection_that_is_gone_are_errors_with_a_name()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = new(opened.Catalog, TimeProvider.System);
        await index.StartAsync(default);
        Problem problem = Should.Throw<RetrievalException>(() => index.Search(row, [1, 0], 10, null)).Problem;
        (problem.Field, problem.Value, problem.Limit).ShouldBe(("vector", "2", "4"));
        await opened.Catalog.SearchLexicalAsync(row, "words", 10, null, default);
        await opened.Catalog.DeleteCollectionAsync("c", default);
        (await Should.ThrowAsync<RetrievalException>(async () => await opened.Catalog.SearchLexicalAsync(row, "words", 10, null, default))).Problem.Kind.ShouldBe(ErrorKind.NotFound);
    }

    private static async Task<int> ReadAsync(Catalog catalog, EmbeddedIndex index, CollectionRow row, bool lexical, CancellationToken stop)
    {
        int rounds = 0;
        for (; !stop.IsCancellationRequested; rounds++)
        {
            long[] found = lexical ? [.. (await catalog.SearchLexicalAsync(row, "words", 10, null, default)).Select(f => f.Row)] : [.. index.Search(row, [1, 0, 0, 0], 10, null).Select(f => f.Row)];
            found.Distinct().Count().ShouldBe(4);
            (await catalog.ReadChunksAsync(row, found, default)).Count.ShouldBeOneOf(1, 4); // either all of one generation, or that one is gone
        }
        return rounds;
    }

    private static List<(long, float)> Scan(Dictionary<long, List<(long Row, float[] Vector)>> model, float[] query) =>
        [.. model.Values.SelectMany(c => c).Select(c => (c.Row, Score: Kernels.Dot(query, c.Vector))).OrderByDescending(c => c.Score).ThenBy(c => c.Row).Take(10)];

    private static float[] Vector(Random random, int dimensions) => [.. Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - 0.5f)];
}
