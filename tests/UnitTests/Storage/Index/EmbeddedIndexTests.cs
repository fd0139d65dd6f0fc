using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage.Index;

public sealed class EmbeddedIndexTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Readers_see_neither_a_gap_nor_a_double_while_a_document_is_replaced_again_and_again()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex();
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
        index.Search(row, [1, 0, 0, 0], 10, null, default).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Waiting_for_a_change_ends_when_its_collection_is_deleted()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex();
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
        index.Search(next, [1, 0, 0, 0], 10, null, default).Count.ShouldBe(1);
        index.Search(row, [1, 0, 0, 0], 10, null, default).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_query_of_another_length_and_a_collection_that_is_gone_are_errors_with_a_name()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex();
        await index.StartAsync(default);
        Problem problem = Should.Throw<RetrievalException>(() => index.Search(row, [1, 0], 10, null, default)).Problem;
        (problem.Field, problem.Value, problem.Limit).ShouldBe(("vector", "2", "4"));
        await opened.Catalog.SearchLexicalAsync(row, "words", 10, null, default);
        await opened.Catalog.DeleteCollectionAsync("c", default);
        (await Should.ThrowAsync<RetrievalException>(async () => await opened.Catalog.SearchLexicalAsync(row, "words", 10, null, default))).Problem.Kind.ShouldBe(ErrorKind.NotFound);
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_and_vectors_of_another_space_or_length_are_refused_and_zero_and_equal_vectors_are_found()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await using EmbeddedIndex index = opened.CreateIndex(2);
        await index.StartAsync(default);
        foreach (float[] bad in (float[][])[[1, 0, float.NaN, 0], [float.PositiveInfinity, 0, 0, 0], [1, 0, 0]])
        {
            (await Should.ThrowAsync<RetrievalException>(() => opened.StoreAsync(row, "bad", "words", bad))).Message.ShouldContain("dimension", Case.Insensitive);
            Should.Throw<RetrievalException>(() => index.Search(row, bad, 10, null, default)).Problem.Field.ShouldBe("vector");
        }
        Job job = (await opened.Catalog.BeginAsync((await opened.AcceptAsync(row, "other")).Id, OpenedCatalog.Lease, default))!;
        string other = OpenedCatalog.Space(4, "others").Id;
        RetrievalException mismatch = await Should.ThrowAsync<RetrievalException>(() => opened.Catalog.StoreAsync(job, job.Payload!, [new NewChunk(0, 0, 1, 1, [1, 0, 0, 0], new byte[32])], other, [], default));
        (mismatch.Problem.Kind, mismatch.Problem.Value, mismatch.Problem.Limit).ShouldBe((ErrorKind.SpaceMismatch, other, row.Space));
        long seq = await opened.StoreAsync(row, "fine", "words", [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]);
        await index.WaitForSeqAsync(row.Id, seq, default).WaitAsync(Hang);
        await index.WaitForMaintenanceAsync(default).WaitAsync(Hang);
        index.Search(row, [1, 0, 0, 0], 10, null, default).Select(h => h.Score).ShouldBe([1, 1, 1, 0]);
        index.Search(row, [0, 0, 0, 0], 10, null, default).Count.ShouldBe(4);
    }

    private static async Task<int> ReadAsync(Catalog catalog, EmbeddedIndex index, CollectionRow row, bool lexical, CancellationToken stop)
    {
        int rounds = 0;
        for (; !stop.IsCancellationRequested; rounds++)
        {
            long[] found = lexical ? [.. (await catalog.SearchLexicalAsync(row, "words", 10, null, default)).Select(f => f.Row)] : [.. index.Search(row, [1, 0, 0, 0], 10, null, default).Select(f => f.Row)];
            found.Distinct().Count().ShouldBe(4);
            (await catalog.ReadChunksAsync(row, found, default)).Count.ShouldBeOneOf(1, 4); // either all of one generation, or that one is gone
        }
        return rounds;
    }
}
