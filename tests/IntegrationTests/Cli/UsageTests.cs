using System.Text.Json;
using Retrieval.IntegrationTests.Server;

namespace Retrieval.IntegrationTests.Cli;

public sealed class UsageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("serv", "'serv' is not known here. Did you mean 'serve'?")]
    [InlineData("serch x", "Did you mean 'search'?")]
    [InlineData("serve --dat x", "Did you mean '--data'?")]
    [InlineData("search x --topp 3", "Did you mean '--top'?")]
    [InlineData("index . --colection c", "Did you mean '--collection'?")]
    [InlineData("search", "--help")]
    [InlineData("search x --top many", "many")]
    [InlineData("search x --mode fuzzy", "fuzzy")]
    [InlineData("search x --filter language", "key=value")]
    [InlineData("serve --data", "--data")]
    [InlineData("serve --Gateway:MaxTop", "Gateway:MaxTop")]
    public async Task A_wrong_word_is_answered_with_the_nearest_one_or_the_way_to_help(string line, string expected) =>
        (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval {line}")).ShouldFail(2).ShouldContain(expected);

    [Theory]
    [InlineData("serv", 2, "Invalid")]
    [InlineData("index ./nowhere", 3, "NotFound")]
    [InlineData("serve --data /proc/retrieval", 5, "Unavailable")]
    public async Task With_json_an_error_is_problem_details_on_standard_error(string line, int code, string kind)
    {
        Result result = await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval {line} --json --urls http://127.0.0.1:{Ports.Free()}");
        result.Code.ShouldBe(code, result.Error);
        result.Out.ShouldBeEmpty();
        JsonElement problem = JsonDocument.Parse(result.Error).RootElement;
        problem.String("kind").ShouldBe(kind);
        problem.String("detail").ShouldNotBeNullOrEmpty();
        problem.Names().Except(["type", "title", "status", "detail", "kind", "field", "value", "limit", "help"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Help_names_every_command_and_what_exit_codes_mean()
    {
        string help = (await RetrievalProcess.RunAsync(_folder.Path, "--help")).ShouldSucceed().Out;
        foreach (string word in (string[])["serve", "index", "search", "doctor", "tokenize", "Exit codes", "130"])
        {
            help.ShouldContain(word);
        }
        foreach (string command in (string[])["serve", "index", "search", "doctor", "tokenize"])
        {
            (await RetrievalProcess.RunAsync(_folder.Path, command, "--help")).ShouldSucceed().Out.ShouldContain($"retrieval {command}");
        }
    }

    [Fact]
    public async Task The_version_is_told() => (await RetrievalProcess.RunAsync(_folder.Path, "--version")).ShouldSucceed().Out.ShouldStartWith("0.");
}
