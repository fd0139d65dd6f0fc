using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Cli;

/// <summary>The first thing that somebody runs.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_sample_is_indexed_answers_three_questions_and_prints_two_curl_lines_that_work()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--sample");
        await server.Process.WaitForAsync("documents/hello?wait=true");
        string printed = server.Process.Out;
        printed.ShouldContain("Indexing the sample corpus: 120 documents in ");
        printed.ShouldContain($"Retrieval is up at {server.Address.OriginalString}");
        printed.ShouldNotContain("\u001b");
        string[] questions = await File.ReadAllLinesAsync(Path.Combine(RetrievalProcess.Folder, "sample", "questions.txt"));
        questions.Length.ShouldBe(3);
        string[] answers = printed.Split(questions, StringSplitOptions.None)[1..];
        answers.Length.ShouldBe(3);
        foreach (string answer in answers)
        {
            answer.ShouldMatch(@"(?m)^\s+\d\.\d{4}\s+\S+\s+\S+"); // a score, a document, a passage
            answer.ShouldMatch(@"Context \((1?\d?\d|200) tokens\)");
            answer.ShouldMatch(@"(?m)^\[1\] \w");
        }

        string[] lines = [.. printed.Split('\n').Where(l => l.StartsWith("curl ", StringComparison.Ordinal))];
        lines.Length.ShouldBe(2);
        JsonElement search = await CurlAsync(lines[0]);
        search.GetProperty("hits").GetArrayLength().ShouldBe(3);
        search.GetProperty("context").Int("tokens").ShouldBeInRange(1, 100);
        (await CurlAsync(lines[1])).String("status").ShouldBe("indexed");
    }

    [Fact]
    public async Task Started_again_the_sample_is_there_already()
    {
        await using (ServerProcess first = await ServerProcess.StartAsync(_folder.Path, "--sample"))
        {
            await first.Process.WaitForAsync("documents/hello?wait=true");
            first.Process.Terminate();
            (await first.Process.ExitAsync(35)).Code.ShouldBe(0);
        }
        await using ServerProcess again = await ServerProcess.StartAsync(_folder.Path, "--sample");
        await again.Process.WaitForAsync("documents/hello?wait=true");
        again.Process.Out.ShouldContain("The sample corpus is indexed already: 120 documents");
    }

    [Fact]
    public async Task Stopped_in_the_middle_of_the_sample_it_ends_without_an_error()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder.Path, "--sample", "--Encoder:Threads", "1", "--Ingestion:BulkPrefetch", "1");
        server.Process.Terminate();
        Result result = await server.Process.ExitAsync(35);
        result.Code.ShouldBe(0, $"{result.Out}\n{result.Error}");
        result.Error.ShouldNotContain("error");
        result.Error.ShouldNotContain("   at ");
    }

    private async Task<JsonElement> CurlAsync(string line) => JsonDocument.Parse((await RetrievalProcess.ShellAsync(_folder.Path, line)).ShouldSucceed().Out).RootElement;
}
