using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Cli;

public sealed class IndexAndSearchTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _address = $"http://127.0.0.1:{Ports.Free()}";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_is_indexed_without_a_server_and_found_again()
    {
        WriteNotes();
        Result index = (await RunAsync("index notes")).ShouldSucceed();
        index.Out.ShouldBe("4 documents in collection 'docs', 0 failed.\n");
        index.Out.ShouldNotContain("\u001b");

        Result search = (await RunAsync("search 'How do I trim the wick?' --top 2 --context 60")).ShouldSucceed();
        search.Out.ShouldContain("lamps/oil.md");
        search.Out.ShouldContain("Context (");
        (search.Out + search.Error).ShouldNotContain("\u001b");

        JsonElement answer = JsonDocument.Parse((await RunAsync("search 'How do I trim the wick?' --top 2 --context 60 --json")).ShouldSucceed().Out).RootElement;
        answer.Names().ShouldBe(["hits", "context", "space", "tier", "tookMs"]);
        answer.GetProperty("hits")[0].String("document").ShouldBe("lamps/oil.md");

        JsonElement filtered = JsonDocument.Parse((await RunAsync("search lamp --mode lexical --filter language=de --filter year=2020 --json")).ShouldSucceed().Out).RootElement;
        filtered.GetProperty("hits").EnumerateArray().Select(h => h.String("document")).ShouldBe(["de-1"]);
        (await RunAsync("search qwertzuiop --mode lexical")).ShouldSucceed().Out.ShouldBe("Nothing found.\n");
    }

    [Fact]
    public async Task Files_that_cannot_be_indexed_are_named_and_the_others_go_on()
    {
        WriteNotes();
        _folder.Write("notes/empty.txt", "  \n");
        File.WriteAllBytes(_folder["notes/latin1.txt"], [0x53, 0x74, 0x72, 0x61, 0xDF, 0x65]);
        _folder.Write("notes/bad.ndjson", "{\"id\":\"good\",\"text\":\"A good line.\"}\nno json\n{\"id\":\"odd\",\"text\":\"A.\",\"colour\":1}\n");
        File.WriteAllBytes(_folder["notes/latin1.ndjson"], [.. "{\"id\":\"first\",\"text\":\"A.\"}\n{\"text\":\"Stra"u8, 0xDF, .. "e\"}\n"u8]);
        _folder.Write("notes/picture.png", "not read at all");
        Result result = await RunAsync("index notes");
        result.Code.ShouldBe(6, result.Error);
        result.Out.ShouldBe("6 documents in collection 'docs', 4 failed.\n");
        string[] failed = [.. result.Error.Split('\n').Where(l => l.StartsWith("failed: ", StringComparison.Ordinal))];
        failed.Length.ShouldBe(4, result.Error);
        failed.ShouldContain(l => l.StartsWith("failed: empty.txt: ") && l.Contains("no text"));
        failed.ShouldContain(l => l.StartsWith("failed: bad.ndjson, line 2: ") && l.Contains("JSON"));
        failed.ShouldContain(l => l.StartsWith("failed: latin1.ndjson: ") && l.Contains("UTF-8"));
        failed.ShouldContain(l => l.Contains("odd") && l.Contains("'colour'"));

        Result json = await RunAsync("index notes --json");
        json.Code.ShouldBe(6);
        JsonElement[] verdicts = [.. json.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        verdicts.Length.ShouldBe(10);
        verdicts.Count(v => v.String("status") == "failed").ShouldBe(4);
    }

    [Fact]
    public async Task Called_again_it_sends_what_changed_and_removes_what_is_gone()
    {
        WriteNotes();
        (await RunAsync("index notes")).ShouldSucceed();
        _folder.Write("notes/ladders.txt", "A ladder leans at one to five.");
        File.Delete(_folder["notes/lamps/oil.md"]);
        _folder.Write("notes/page.html", "<html lang=en><title>Masts</title><main><h1>Masts</h1><p>A mast of spruce. <a href='#x'>x</a></main>");
        _folder.Write("notes/people.csv", "name,town\nAnna,Bonn\n");
        (await RunAsync("index notes")).ShouldSucceed().Out.ShouldBe("5 documents in collection 'docs', 0 failed. 2 unchanged, 1 removed.\n");
        JsonElement hit = JsonDocument.Parse((await RunAsync("search spruce --mode lexical --json")).ShouldSucceed().Out).RootElement.GetProperty("hits")[0];
        (hit.String("document"), hit.String("title"), hit.GetProperty("metadata").String("language"), hit.GetProperty("headings")[0].GetString()).ShouldBe(("page.html", "Masts", "en", "Masts"));
        (await RunAsync("search wick --mode lexical")).ShouldSucceed().Out.ShouldBe("Nothing found.\n");
    }

    [Fact]
    public async Task A_folder_is_followed_until_it_is_told_to_stop()
    {
        WriteNotes();
        await using RetrievalProcess index = RetrievalProcess.Start(_folder.Path, "index", "notes", "--watch", "--exclude", "*.ndjson", "--data", _folder["data"], "--urls", _address);
        await index.WaitForAsync("2 documents in collection 'docs', 0 failed.");
        _folder.Write("notes/late.txt", "A late note.");
        await index.WaitForAsync("3 documents in collection 'docs', 0 failed. 2 unchanged, 0 removed.");
        File.Delete(_folder["notes/late.txt"]);
        await index.WaitForAsync("2 unchanged, 1 removed.");
        index.Terminate();
        (await index.ExitAsync(35)).Code.ShouldBe(130);
    }

    [Fact]
    public async Task A_server_that_runs_is_talked_to()
    {
        WriteNotes();
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        // Its data folder is locked: only through its API can this work.
        string common = $"--data {_folder["data"]} --urls {server.Address.OriginalString}";
        (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval index notes/lamps/oil.md --collection handbook {common}")).ShouldSucceed().Out.ShouldContain("1 documents in collection 'handbook'");
        (await server.Api.GetAsync("/v1/collections/handbook/documents/oil.md")).Json.String("title").ShouldBe("Oil lamps");
        (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval search wick {common}")).ShouldSucceed().Out.ShouldContain("oil.md");
    }

    [Fact]
    public async Task A_folder_that_another_process_has_open_without_a_server_at_the_address_names_it()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path);
        (await RunAsync("search lamp")).ShouldFail(4).ShouldContain($"process {server.Process.Id}");
    }

    [Fact]
    public async Task Interrupted_in_the_middle_it_ends_with_exit_code_130_and_the_next_time_finishes()
    {
        foreach (int i in Enumerable.Range(0, 400))
        {
            _folder.Write($"many/{i}.txt", $"The lamp of number {i} stands on a ladder.");
        }
        string[] line = ["index", "many", "--data", _folder["data"], "--urls", _address, "--Encoder:Threads", "1", "--Ingestion:InteractivePrefetch", "1"];
        await using (RetrievalProcess index = RetrievalProcess.Start(_folder.Path, line))
        {
            await index.WaitForAsync("Ready after ");
            index.Terminate();
            Result result = await index.ExitAsync(35);
            result.Code.ShouldBe(130, result.Error);
            result.Error.ShouldNotContain("   at ");
        }
        (await RetrievalProcess.RunAsync(_folder.Path, line)).ShouldSucceed().Out.ShouldContain("400 documents in collection 'docs', 0 failed.");
    }

    [Theory]
    [InlineData("index nowhere", 3, "nowhere")]
    [InlineData("index hollow", 2, ".md")]
    [InlineData("index picture.png", 2, ".md")]
    [InlineData("search lamp --collection none", 3, "none")]
    [InlineData("search '' --collection none", 2, "query")]
    [InlineData("search lamp --top 0", 2, "1 to 1000")]
    [InlineData("index notes --collection 'no name'", 2, "no name")]
    public async Task What_cannot_be_done_has_its_exit_code_and_its_reason(string line, int code, string reason)
    {
        Directory.CreateDirectory(_folder["hollow"]);
        _folder.Write("picture.png", "");
        WriteNotes();
        (await RunAsync(line)).ShouldFail(code).ShouldContain(reason);
    }

    [Fact]
    public async Task Settings_may_stand_before_an_argument() =>
        (await RunAsync("search --Gateway:MaxTop 3 --Encoder:Provider=cpu lamp --top 4")).ShouldFail(2).ShouldContain("Gateway:MaxTop");

    private void WriteNotes()
    {
        _folder.Write("notes/lamps/oil.md", "# Oil lamps\n\nTrim the wick before it smokes. Fill the font with paraffin.");
        _folder.Write("notes/ladders.txt", "A ladder leans at one to four.");
        _folder.Write("notes/more.ndjson", """
            {"id":"en-1","text":"A lamp in English.","metadata":{"language":"en","year":2020}}
            {"id":"de-1","text":"A lamp from Germany.","metadata":{"language":"de","year":2020}}
            """);
    }

    private Task<Result> RunAsync(string line) => RetrievalProcess.ShellAsync(_folder.Path, $"retrieval {line} --data {_folder["data"]} --urls {_address}");
}
