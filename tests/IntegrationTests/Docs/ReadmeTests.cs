using System.Text.RegularExpressions;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Docs;

/// <summary>Every fenced block of the README is executed as it is printed, with the built program in place of the published one and free ports in place of 8080 and 8081.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    // Building is not repeated inside a test: .ci/run publishes, and the test command is what runs this.
    private static readonly string[] Builds =
    [
        "dotnet test -c Release", "dotnet publish services/Host -c Release -o out", "dotnet publish services/Host -c Release -p:Gpu=true -o out",
    ];

    private const string Run = "dotnet run -c Release --project services/Host -- ";

    private readonly TempFolder _folder = new();
    private readonly int _port = Ports.Free(), _second = Ports.Free();

    public ReadmeTests() => Directory.CreateSymbolicLink(_folder["infra"], TestData.InRepository("infra"));

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> ShellBlocks => [.. Blocks("sh")];

    [Theory]
    [MemberData(nameof(ShellBlocks))]
    public async Task A_block_of_commands_does_what_it_says(string block)
    {
        if (block.Contains(" models/", StringComparison.Ordinal))
        {
            Directory.CreateSymbolicLink(_folder["models"], Shared.Require("models"));
        }
        string[] lines = [.. block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(l => l.Length > 0 && !Builds.Contains(l)).Select(Local)];
        if (block.Contains("curl ", StringComparison.Ordinal))
        {
            await CurlAsync(block);
        }
        else if (Array.Exists(lines, l => ServeLine().IsMatch(l)))
        {
            await ServeAsync(lines);
        }
        else
        {
            foreach (string line in lines)
            {
                (await RetrievalProcess.ShellAsync(_folder.Path, line)).ShouldSucceed();
            }
        }
    }

    [Fact]
    public async Task The_settings_sample_starts_a_server()
    {
        string settings = Blocks("json").ShouldHaveSingleItem();
        _folder.Write("appsettings.json", Local(settings));
        await ServeAsync(["retrieval serve"]);
        Directory.Exists(_folder["data"]).ShouldBeTrue("the settings' folder is used");
    }

    [Fact]
    public void The_first_two_commands_are_the_two_commands() =>
        Blocks("sh").Take(2).Select(b => b.Trim()).ShouldBe([Run + "serve --sample", "dotnet test -c Release"]);

    [Fact]
    public void It_is_short() => File.ReadAllLines(TestData.InRepository("README.md")).Length.ShouldBeLessThanOrEqualTo(150);

    [Fact]
    public void Its_links_into_the_repository_lead_somewhere()
    {
        foreach (string document in new[] { "README.md", "ARCHITECTURE.md", "infra/models/README.md", "infra/sample/README.md", "infra/models/all-MiniLM-L6-v2/README.md" })
        {
            string folder = Path.GetDirectoryName(TestData.InRepository(document))!;
            foreach (string target in Link().Matches(File.ReadAllText(TestData.InRepository(document))).Select(m => m.Groups[1].Value).Where(t => !t.Contains("://", StringComparison.Ordinal)))
            {
                Path.Exists(Path.Combine(folder, target.Split('#')[0])).ShouldBeTrue($"{document} links to {target}");
            }
        }
    }

    private async Task CurlAsync(string block)
    {
        await using ServerProcess server = ServerProcess.Start(_folder.Path, _port);
        await server.ReadyAsync();
        // A refused request is an exit code here, and its body the reason.
        string script = "set -e\n" + Local(block).Replace("curl -s", "curl -sS --fail-with-body", StringComparison.Ordinal);
        (await RetrievalProcess.ShellAsync(_folder.Path, script)).ShouldSucceed();
    }

    /// <summary>Lines that name roles belong together; others are alternatives.</summary>
    private async Task ServeAsync(string[] lines)
    {
        List<RetrievalProcess> running = [];
        foreach (string line in lines)
        {
            if (!ServeLine().IsMatch(line))
            {
                (await RetrievalProcess.ShellAsync(_folder.Path, line)).ShouldSucceed();
                continue;
            }
            if (!line.Contains("--roles", StringComparison.Ordinal))
            {
                await StopAsync(running);
            }
            int port = line.Contains($"--urls http://localhost:{_second}", StringComparison.Ordinal) ? _second : _port;
            running.Add(RetrievalProcess.Shell(_folder.Path, line.Contains("--urls", StringComparison.Ordinal) ? line : $"{line} --urls http://localhost:{port}"));
            await running[^1].WaitForAsync(line.Contains("--sample", StringComparison.Ordinal) ? "Try:" : "Ready after");
            using ApiClient api = new(new Uri($"http://localhost:{port}"));
            (await api.GetAsync("/readyz")).ShouldBe(System.Net.HttpStatusCode.OK);
        }
        await StopAsync(running);
    }

    private static async Task StopAsync(List<RetrievalProcess> running)
    {
        foreach (RetrievalProcess process in running)
        {
            await process.DisposeAsync();
        }
        running.Clear();
    }

    private string Local(string text) => text
        .Replace(Run, "retrieval ", StringComparison.Ordinal)
        .Replace("out/retrieval", "retrieval", StringComparison.Ordinal)
        .Replace("localhost:8080", $"localhost:{_port}", StringComparison.Ordinal)
        .Replace("localhost:8081", $"localhost:{_second}", StringComparison.Ordinal);

    private static IEnumerable<string> Blocks(string language) =>
        Fence().Matches(File.ReadAllText(TestData.InRepository("README.md"))).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["body"].Value);

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\bretrieval serve\b")]
    private static partial Regex ServeLine();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
