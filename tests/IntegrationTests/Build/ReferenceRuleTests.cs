using System.Diagnostics;
using Retrieval.IntegrationTests.Server;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Build;

/// <summary>The build refuses a reference that the table in Directory.Build.targets does not allow.</summary>
public sealed class ReferenceRuleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("services/Gateway", "services/Ingestion")]
    [InlineData("services/Ingestion", "services/Encoder")]
    [InlineData("shared/Contracts", "shared/Storage")]
    public async Task A_forbidden_reference_fails_the_build_and_names_both(string project, string reference)
    {
        (int code, string output) = await BuildAsync(project, reference, "Build");
        code.ShouldNotBe(0, output);
        output.ShouldContain("error RETRIEVAL001");
        output.ShouldContain($"{Path.GetFileName(project)} must not reference {Path.GetFileName(reference)}");
    }

    [Fact]
    public async Task The_references_that_are_there_pass() => (await BuildAsync("services/Gateway", null, "RefuseForbiddenReferences")).Code.ShouldBe(0);

    [Fact]
    public async Task An_allowed_reference_passes() => (await BuildAsync("services/Gateway", "shared/Vectors", "RefuseForbiddenReferences")).Code.ShouldBe(0);

    /// <summary>Runs the real project with one more reference, put in from outside; its output goes to the test's folder.</summary>
    private async Task<(int Code, string Output)> BuildAsync(string project, string? reference, string target)
    {
        string file = TestData.InRepository(project, $"{Path.GetFileName(project)}.csproj");
        string added = reference is null ? "" : $"""<ItemGroup><ProjectReference Include="{TestData.InRepository(reference, $"{Path.GetFileName(reference)}.csproj")}" /></ItemGroup>""";
        string targets = _folder.Write("added.targets", $"<Project>{added}</Project>");
        ProcessStartInfo start = new("dotnet", ["msbuild", file, $"-t:{target}", "-nologo", "-nr:false", $"-p:CustomBeforeMicrosoftCommonTargets={targets}",
            $"-p:BaseIntermediateOutputPath={_folder["obj"]}/", $"-p:OutputPath={_folder["bin"]}/"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        string output = await process.StandardOutput.ReadToEndAsync(limit.Token) + await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, output);
    }
}
