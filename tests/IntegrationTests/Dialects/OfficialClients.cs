using System.Diagnostics;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Dialects;

/// <summary>Clients of other APIs, by their makers: the packages of the committed lock, fetched once, each run by a script beside it.</summary>
internal static class OfficialClients
{
    private static readonly string Folder = TestData.InRepository("tests", "IntegrationTests", "Dialects", "clients");
    private static readonly SemaphoreSlim OneInstall = new(1);

    /// <summary>What a script prints.</summary>
    public static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        Assert.SkipWhen(Find("node") is null || Find("npm") is null, "Optional: node and npm are not installed.");
        await InstallAsync();
        return JsonDocument.Parse(await OutputAsync(Find("node")!, [script, .. arguments])).RootElement;
    }

    private static async Task InstallAsync()
    {
        await OneInstall.WaitAsync();
        try
        {
            if (!File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")))
            {
                await OutputAsync(Find("npm")!, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
            }
        }
        finally
        {
            OneInstall.Release();
        }
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);

    private static async Task<string> OutputAsync(string program, IEnumerable<string> arguments)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} takes longer than 3 minutes.");
        }
        process.ExitCode.ShouldBe(0, $"{await output}\n{await error}");
        return await output;
    }
}
