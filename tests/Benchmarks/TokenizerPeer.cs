using System.Diagnostics;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>One pass over all texts.</summary>
/// <param name="Tokens">How many tokens they have.</param>
/// <param name="CpuMs">CPU time of the process.</param>
/// <param name="WallMs">Time on the wall.</param>
/// <param name="Ids">The ids of each text, when asked for.</param>
internal sealed record PeerRound(long Tokens, double CpuMs, double WallMs, int[][]? Ids);

/// <summary>Another library in a process of its own that does a round whenever it is asked to (tokenizers/peers.mjs).</summary>
internal sealed class TokenizerPeer : IDisposable
{
    private static readonly string Folder = TestData.InRepository("tests", "Benchmarks", "tokenizers");
    private static readonly string[] OneThread = ["RAYON_NUM_THREADS", "UV_THREADPOOL_SIZE"];

    private readonly Process _process;

    private TokenizerPeer(Process process) => _process = process;

    /// <summary>Fetches the packages that the committed lock names, unless they are there.</summary>
    public static async Task InstallAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            using Process npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]) { WorkingDirectory = Folder })!;
            await npm.WaitForExitAsync(cancellationToken);
            _ = npm.ExitCode == 0 ? true : throw new InvalidOperationException($"npm ci in {Folder} ended with {npm.ExitCode}.");
        }
    }

    /// <summary>Names and versions of the libraries.</summary>
    public static string Versions() => string.Join(", ", JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "package.json"))).RootElement.GetProperty("dependencies").EnumerateObject()
        .Select(d => $"{d.Name} {d.Value.GetString()}{(d.Name.StartsWith("@anush008", StringComparison.Ordinal) ? " (native, tokenizers 0.22.2)" : " (JavaScript)")}"));

    public static async Task<string> NodeVersionAsync(CancellationToken cancellationToken)
    {
        using Process node = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true })!;
        return (await node.StandardOutput.ReadToEndAsync(cancellationToken)).Trim();
    }

    public static TokenizerPeer Start(string library, string tokenizerFile, string textsFile)
    {
        ProcessStartInfo start = new("node", [Path.Combine(Folder, "peers.mjs"), library, tokenizerFile, textsFile]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Array.ForEach(OneThread, name => start.Environment[name] = "1");
        return new TokenizerPeer(Process.Start(start)!);
    }

    /// <summary>One round; waits for it on this thread, since what is measured beside it keeps memory for each thread.</summary>
    public PeerRound Round(bool withIds)
    {
        _process.StandardInput.WriteLine(withIds ? "ids" : "");
        _process.StandardInput.Flush();
        return JsonSerializer.Deserialize<PeerRound>(_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The peer ended."), JsonSerializerOptions.Web)!;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
