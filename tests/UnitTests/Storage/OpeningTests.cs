using System.Globalization;
using System.Text;
using Retrieval.Contracts;
using Retrieval.Storage;

namespace Retrieval.UnitTests.Storage;

public sealed class OpeningTests
{
    [Fact]
    public async Task A_newer_schema_is_refused_with_both_numbers_and_is_left_as_it_is()
    {
        using TemporaryFolder folder = new();
        using DataFolder data = DataFolder.Open(folder.Path);
        await using (await Catalog.OpenAsync(data, TimeProvider.System, default))
        {
        }
        using (Session session = Session.Open(folder["catalog.db"], writes: true))
        {
            session.Execute("PRAGMA user_version=4711");
        }
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => Catalog.OpenAsync(data, TimeProvider.System, default))).Problem;
        (problem.Kind, problem.Value).ShouldBe((ErrorKind.Conflict, "4711"));
        problem.Detail.ShouldContain("4711");
        problem.Detail.ShouldContain($"this program knows {problem.Limit}");
        using Session after = Session.Open(folder["catalog.db"], writes: false);
        after.Scalar<long>("PRAGMA user_version").ShouldBe(4711);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(600)]
    [InlineData(20_000)]
    public async Task A_file_that_is_no_database_is_refused_by_name_with_the_way_out_and_kept(int bytes)
    {
        using TemporaryFolder folder = new();
        using DataFolder data = DataFolder.Open(folder.Path);
        byte[] content = Encoding.ASCII.GetBytes(new string('x', bytes));
        await File.WriteAllBytesAsync(folder["catalog.db"], content);
        Problem problem = (await Should.ThrowAsync<RetrievalException>(() => Catalog.OpenAsync(data, TimeProvider.System, default))).Problem;
        problem.Kind.ShouldBe(ErrorKind.Unavailable);
        problem.Detail.ShouldContain(folder["catalog.db"]);
        problem.Help!.ShouldContain("--data");
        (await File.ReadAllBytesAsync(folder["catalog.db"])).ShouldBe(content);
    }

    [Fact]
    public async Task Opening_again_migrates_nothing_and_finds_everything()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        await opened.StoreAsync(row, "d", "words", [1, 0, 0, 0]);
        for (int i = 0; i < 3; i++)
        {
            await opened.ReopenAsync();
            (await opened.Catalog.GetCollectionAsync("c", default)).ShouldBe(row with { Seq = 1 });
            (await opened.Catalog.SearchLexicalAsync(row, "words", 10, null, default)).Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_collection_refuses_another_encoder_and_another_space_with_both_names()
    {
        await using OpenedCatalog opened = await OpenedCatalog.CreateAsync();
        CollectionRow row = await opened.CreateCollectionAsync();
        Problem encoder = (await Should.ThrowAsync<RetrievalException>(() => opened.Catalog.PutCollectionAsync("c", "other", OpenedCatalog.Space(4), null, default))).Problem;
        (encoder.Kind, encoder.Value, encoder.Limit).ShouldBe((ErrorKind.Conflict, "other", "model"));
        VectorSpace other = OpenedCatalog.Space(4, "other weights");
        Problem space = (await Should.ThrowAsync<RetrievalException>(() => opened.Catalog.PutCollectionAsync("c", "model", other, null, default))).Problem;
        (space.Kind, space.Value, space.Limit).ShouldBe((ErrorKind.SpaceMismatch, other.Id, row.Space));
    }

    [Fact]
    public void The_second_opener_of_a_data_folder_is_refused_and_told_the_process_until_the_first_has_gone()
    {
        using TemporaryFolder folder = new();
        string path = folder["below/it"];
        using (DataFolder first = DataFolder.Open(path))
        {
            first.Path.ShouldBe(path);
            Problem problem = Should.Throw<RetrievalException>(() => DataFolder.Open(path)).Problem;
            (problem.Kind, problem.Field, problem.Value).ShouldBe((ErrorKind.Conflict, "Storage:Folder", path));
            problem.Detail.ShouldContain(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            File.WriteAllText(Path.Combine(path, "lock.pid"), "not a number");
            Should.Throw<RetrievalException>(() => DataFolder.Open(path)).Problem.Detail.ShouldContain("(unknown)");
        }
        using DataFolder second = DataFolder.Open(path);
        second.Path.ShouldBe(path);
    }

    [Fact]
    public void A_path_that_cannot_be_a_folder_is_refused_by_name_with_the_way_out()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["file"], "");
        foreach (string path in (string[])[folder["file"], folder["file/below"], folder["file/far/below"]])
        {
            Problem problem = Should.Throw<RetrievalException>(() => DataFolder.Open(path)).Problem;
            (problem.Kind, problem.Value).ShouldBe((ErrorKind.Unavailable, path));
            problem.Detail.ShouldContain(path);
            problem.Help!.ShouldContain("--data");
        }
    }
}
