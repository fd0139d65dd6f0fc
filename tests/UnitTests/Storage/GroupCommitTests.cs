using Microsoft.Data.Sqlite;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class GroupCommitTests
{
    [Fact]
    public async Task Many_writers_at_once_share_commits()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        long before = opened.Catalog.Commits;
        Job[] jobs = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => opened.AcceptAsync(row, $"d{i}")));
        (opened.Catalog.Commits - before).ShouldBeLessThan(100);
        jobs.Select(j => j.Id).Distinct().Count().ShouldBe(500);
        opened.Catalog.OpenJobs.ShouldBe(500);
        (await opened.Catalog.DescribeCollectionAsync("c", default)).OpenJobs.ShouldBe(500);
    }

    [Fact]
    public async Task An_operation_that_fails_fails_alone()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        CollectionRow gone = await opened.CreateCollectionAsync("gone");
        await opened.Catalog.DeleteCollectionAsync("gone", default);
        Task<Job>[] accepts = [.. Enumerable.Range(0, 200).Select(i => opened.AcceptAsync(i % 10 == 3 ? gone : row, $"d{i}"))];
        for (int i = 0; i < accepts.Length; i++)
        {
            if (i % 10 == 3)
            {
                (await Should.ThrowAsync<RetrievalException>(accepts[i])).Problem.Kind.ShouldBe(ErrorKind.NotFound);
            }
            else
            {
                (await accepts[i]).Status.ShouldBe(DocumentStatus.Accepted);
            }
        }
        opened.Catalog.OpenJobs.ShouldBe(180);
    }

    [Fact]
    public async Task A_document_whose_last_vector_is_wrong_leaves_nothing_of_the_others_behind()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await opened.StoreAsync(row, "d", "old words", [1, 0, 0, 0]);
        await Should.ThrowAsync<RetrievalException>(() => opened.StoreAsync(row, "d", "new words", [0, 1, 0, 0], [0, 1]));
        (await opened.Catalog.FindDocumentAsync(row, "d", default))!.Text.ShouldBe("old words");
        (await opened.Catalog.SearchLexicalAsync(row, "old", 10, null, default)).Count.ShouldBe(1);
        (await opened.Catalog.SearchLexicalAsync(row, "new", 10, null, default)).ShouldBeEmpty();
        (await opened.Catalog.DescribeCollectionAsync("c", default)).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task A_full_disk_is_told_to_everybody_in_the_group_and_the_next_group_works_again()
    {
        using TemporaryFolder folder = new();
        SQLitePCL.Batteries_V2.Init();
        Session session = Session.Open(folder["full.db"], writes: true);
        session.Execute("CREATE TABLE t(x)");
        session.Execute("PRAGMA max_page_count=20");
        await using CatalogWriter writer = new(folder["full.db"], session);
        Task<int>[] writes = [.. Enumerable.Range(0, 50).Select(_ => writer.WriteAsync(s => s.Execute("INSERT INTO t VALUES(zeroblob(3000))"), default))];
        int stored = 0;
        foreach (Task<int> write in writes)
        {
            try
            {
                stored += await write;
            }
            catch (RetrievalException e)
            {
                e.Problem.Kind.ShouldBe(ErrorKind.Unavailable);
                e.Problem.Detail.ShouldContain("full");
            }
        }
        stored.ShouldBeLessThan(50);
        (await writer.WriteAsync(s => s.Scalar<long>("SELECT count(*) FROM t"), default)).ShouldBe(stored);
        (await writer.WriteAsync(s => s.Execute("DELETE FROM t"), default)).ShouldBe(stored);
        (await writer.WriteAsync(s => s.Execute("INSERT INTO t VALUES(1)"), default)).ShouldBe(1);
    }

    [Fact]
    public async Task Any_exception_of_an_operation_reaches_its_caller_and_the_writer_lives_on()
    {
        using TemporaryFolder folder = new();
        SQLitePCL.Batteries_V2.Init();
        await using CatalogWriter writer = new(folder["w.db"], Session.Open(folder["w.db"], writes: true));
        await Should.ThrowAsync<DivideByZeroException>(() => writer.WriteAsync<int>(_ => throw new DivideByZeroException(), default));
        await Should.ThrowAsync<RetrievalException>(() => writer.WriteAsync(s => s.Execute("COMMIT; nonsense"), default));
        (await writer.WriteAsync(s => s.Scalar<long>("SELECT 1"), default)).ShouldBe(1);
        await writer.DisposeAsync();
        (await Should.ThrowAsync<RetrievalException>(() => writer.WriteAsync(_ => 1, default))).Problem.Kind.ShouldBe(ErrorKind.Unavailable);
    }

    [Fact]
    public void A_reader_that_stops_early_leaves_its_session_free_for_writing_and_statements_stay_bounded()
    {
        using TemporaryFolder folder = new();
        SQLitePCL.Batteries_V2.Init();
        using Session session = Session.Open(folder["s.db"], writes: true);
        session.Execute("CREATE TABLE t(x)");
        for (int i = 0; i < 1000; i++)
        {
            session.Execute("INSERT INTO t VALUES($1)", (long)i);
            session.Scalar<long>($"SELECT {i}").ShouldBe(i);
            session.Trim();
        }
        int seen = 0;
        session.Scan("SELECT x FROM t", _ => ++seen < 3);
        seen.ShouldBe(3);
        Should.Throw<InvalidOperationException>(() => session.Query<int>("SELECT x FROM t", _ => throw new InvalidOperationException()));
        session.Query("SELECT x FROM t", r => r.GetInt64(0)).Count.ShouldBe(1000);
        session.Execute("DROP TABLE t");
        Should.Throw<SqliteException>(() => session.Query("SELECT x FROM t", r => r.GetInt64(0)));
        session.Execute("CREATE TABLE t(x)");
        session.Query("SELECT x FROM t", r => r.GetInt64(0)).ShouldBeEmpty();
    }
}
