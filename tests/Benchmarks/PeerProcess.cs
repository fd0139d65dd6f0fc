using System.Diagnostics;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>One pass over all texts.</summary>
/// <param name="WallMs">Time on the wall.</param>
/// <param name="CpuMs">CPU time of the process.</param>
/// <param name="Last">Vector of the last text.</param>
internal sealed record EncoderRound(double WallMs, double CpuMs, float[] Last);

/// <summary>Another encoder in a process of its own (encoders/peers.mjs), with its packages in the user's cache folder: they are 700 MB.</summary>
internal sealed class PeerProcess : IDisposable
{
    private static readonly string Source = TestData.InRepository("tests", "Benchmarks", "encoders");
    private static readonly string Folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "retrieval", "benchmarks", "encoders");

    private readonly Process _process;

    private PeerProcess(Process process) => _process = process;

    /// <summary>Installs what the committed lock names, unless it is there.</summary>
    public static async Task InstallAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        string installed = Path.Combine(Folder, "package-lock.json"), wanted = Path.Combine(Source, "package-lock.json");
        bool isThere = File.Exists(installed) && Directory.Exists(Path.Combine(Folder, "node_modules")) && File.ReadAllText(installed) == File.ReadAllText(wanted);
        foreach (string file in Directory.GetFiles(Source))
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        }
        if (!isThere)
        {
            using Process npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]) { WorkingDirectory = Folder })!;
            await npm.WaitForExitAsync(cancellationToken);
            _ = npm.ExitCode == 0 ? true : throw new InvalidOperationException($"npm ci in {Folder} ended with {npm.ExitCode}.");
        }
    }

    /// <summary>Names and versions of the libraries.</summary>
    public static string Versions() => string.Join(", ", JsonDocument.Parse(File.ReadAllText(Path.Combine(Source, "package.json"))).RootElement.GetProperty("dependencies").EnumerateObject().Select(d => $"{d.Name} {d.Value.GetString()}"));

    public static PeerProcess Start(string library, string model, string textsFile, int batch) => new(Process.Start(
        new ProcessStartInfo("node", [Path.Combine(Folder, "peers.mjs"), library, model, textsFile, $"{batch}"]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Folder })!);

    /// <summary>One round.</summary>
    public async Task<EncoderRound> RoundAsync(CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync("go".AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        string line = await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The peer ended.");
        return JsonSerializer.Deserialize<EncoderRound>(line, JsonSerializerOptions.Web)!;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }
        _process.Dispose();
    }
}
