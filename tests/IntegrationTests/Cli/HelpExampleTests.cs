using System.Text.RegularExpressions;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;
using Retrieval.Vectors;

namespace Retrieval.IntegrationTests.Cli;

/// <summary>Every example that --help prints is run as it is printed, in a folder that holds what it names.</summary>
public sealed partial class HelpExampleTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _address = $"http://127.0.0.1:{Ports.Free()}";

    public HelpExampleTests()
    {
        _folder.Write("notes/a.md", "# Oxygen\n\nOxygen was discovered by Scheele and Priestley.");
        _folder.Write("handbook.md", "# Handbook\n\nThe turbine is at rest.");
        _folder.Write("questions.jsonl", "\"Who discovered oxygen?\"\n{\"text\": \"Who?\", \"pair\": \"Scheele.\"}\n");
        _folder.Write("faq.csv", "number,question,answer\n1,Who?,Scheele.\n");
        Directory.CreateDirectory(_folder["models"]);
        _folder.Write("notes.txt", string.Join('\n', Enumerable.Range(0, 80).Select(i => $"Note {i}: the {i * 7 % 41}th turbine of plant {i * 5 % 23} is at rest.")));
        _folder.Write("turbines.ndjson", string.Join('\n', Enumerable.Range(0, 40).Select(i => $$"""{"id":"t{{i}}","text":"The {{i * 7 % 41}}th turbine of plant {{i * 5 % 23}} is at rest since {{1900 + i}}."}""")));
        Random random = new(1);
        File.WriteAllBytes(_folder["vectors.npy"], [.. NpyFormat.Head(600, 32), .. Enumerable.Range(0, 600 * 32).SelectMany(_ => BitConverter.GetBytes(random.NextSingle() - 0.4f))]);
        Directory.CreateSymbolicLink(_folder["models", "bge-small-en-v1.5"], TestData.DefaultModel);
        Directory.CreateSymbolicLink(_folder["models", "all-MiniLM-L6-v2"], TestData.DefaultModel);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("index")]
    [InlineData("search")]
    [InlineData("doctor")]
    [InlineData("tokenize")]
    [InlineData("model inspect")]
    [InlineData("model align")]
    [InlineData("jobs")]
    [InlineData("dead-letters")]
    [InlineData("bench codecs")]
    [InlineData("model tiers")]
    public async Task Examples_of_a_command_that_ends_succeed(string command)
    {
        if (command is "search" or "bench codecs")
        {
            (await RetrievalProcess.ShellAsync(_folder.Path, $"retrieval index {(command == "search" ? "notes" : "turbines.ndjson")} {Own}")).ShouldSucceed();
        }
        foreach (string example in await ExamplesAsync(command))
        {
            (await RetrievalProcess.ShellAsync(_folder.Path, $"{example} {Own}")).ShouldSucceed();
        }
    }

    [Fact]
    public async Task Examples_of_serve_start_a_server()
    {
        foreach (string example in await ExamplesAsync("serve"))
        {
            // Its own address instead of one that somebody may use, and its own folder where it names none.
            string line = $"exec {Address().Replace(example, "")} --urls {_address}{(example.Contains("--data", StringComparison.Ordinal) ? "" : $" --data {_folder["data"]}")}";
            await using RetrievalProcess server = RetrievalProcess.Shell(_folder.Path, line);
            await server.WaitForAsync($"Retrieval is up at {_address}");
            server.Terminate();
            (await server.ExitAsync(35)).Code.ShouldBe(0, example);
            Directory.Delete(_folder["data"], true);
        }
    }

    private string Own => $"--data {_folder["own"]} --urls {_address}";

    private async Task<string[]> ExamplesAsync(string command)
    {
        string help = (await RetrievalProcess.RunAsync(_folder.Path, [.. command.Split(' '), "--help"])).ShouldSucceed().Out;
        help.ShouldNotContain("\u001b");
        string[] examples = [.. help[help.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith($"retrieval {command} ", StringComparison.Ordinal) || l == $"retrieval {command}")];
        examples.ShouldNotBeEmpty(help);
        return examples;
    }

    [GeneratedRegex(@" --urls \S+")]
    private static partial Regex Address();
}
