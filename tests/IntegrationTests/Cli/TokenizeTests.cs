using System.Text.Json;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Cli;

public sealed class TokenizeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_line_in_is_a_line_of_ids_tokens_and_offsets_out()
    {
        JsonElement[] lines = await TokenizeAsync("""
            "The cats 😀!"
            {"text": "cats", "pair": "sat"}
            """);
        lines.Length.ShouldBe(2);
        lines[0].GetRawText().ShouldBe("""{"ids":[101,1996,8870,100,999,102],"tokens":["[CLS]","the","cats","[UNK]","!","[SEP]"],"offsets":[[0,0],[0,3],[4,8],[9,11],[11,12],[0,0]]}""");
        lines[1].GetRawText().ShouldBe("""{"ids":[101,8870,102,2938,102],"tokens":["[CLS]","cats","[SEP]","sat","[SEP]"],"offsets":[[0,0],[0,4],[0,0],[0,3],[0,0]]}""");
    }

    [Theory]
    [InlineData("codepoints", 10)]
    [InlineData("utf8bytes", 13)]
    public async Task Offsets_count_what_is_asked_for(string unit, int end) =>
        (await TokenizeAsync("\"The cats 😀!\"", $"--offsets {unit} --no-special-tokens"))[0].GetProperty("offsets")[2][1].GetInt32().ShouldBe(end);

    [Fact]
    public async Task Half_a_surrogate_pair_is_the_replacement_character() =>
        (await TokenizeAsync("\"a \\ud83d\\n\\u00e9\""))[0].GetRawText().ShouldBe((await TokenizeAsync("\"a \\ufffd\\n\\u00e9\""))[0].GetRawText());

    [Theory]
    [InlineData("5", "Line 1")]
    [InlineData("\"a\"\n{\"txt\": \"a\"}", "Line 2")]
    [InlineData("{\"text\": \"a\", \"pear\": \"b\"}", "Line 1")]
    [InlineData("\"a", "Line 1")]
    public async Task A_line_of_something_else_is_refused_by_its_number(string lines, string expected)
    {
        _folder.Write("in.jsonl", lines);
        (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval tokenize {TestData.DefaultModel} < in.jsonl")).Error.ShouldStartWith($"error: {expected}");
    }

    [Fact]
    public async Task A_tokenizer_that_is_not_there_or_not_one_is_named()
    {
        _folder.Write("tokenizer.json", "{}");
        (await RetrievalProcess.ShellAsync(_folder.Path, "retrieval tokenize nowhere < /dev/null")).ShouldFail(3).ShouldContain("nowhere");
        (await RetrievalProcess.ShellAsync(_folder.Path, "retrieval tokenize tokenizer.json < /dev/null")).ShouldFail(2).ShouldContain("tokenizer.json: model: expected the model");
    }

    private async Task<JsonElement[]> TokenizeAsync(string lines, string options = "")
    {
        _folder.Write("in.jsonl", lines);
        Result result = (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval tokenize {TestData.DefaultModel} {options} < in.jsonl")).ShouldSucceed();
        return [.. result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }
}
