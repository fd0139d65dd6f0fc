using System.Diagnostics;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.OnnxRuntime;

public sealed class UsageReportsTests
{
    [Fact]
    public async Task Loading_a_model_writes_nothing_into_the_users_home()
    {
        string home = Directory.CreateTempSubdirectory("retrieval-home-").FullName, data = Path.Combine(home, "data");
        ProcessStartInfo doctor = new(Environment.ProcessPath is { } dotnet && Path.GetFileNameWithoutExtension(dotnet) == "dotnet" ? dotnet : "dotnet",
            // How many runs are best is measured once and kept in a folder of the user's by design; it is the library that must write nothing.
            [Path.Combine(AppContext.BaseDirectory, "retrieval.dll"), "doctor", "--json", "--data", data, "--Encoder:Models:0:Path", TestData.DefaultModel, "--Encoder:Calibrate", "false"])
        {
            RedirectStandardOutput = true,
            Environment = { ["HOME"] = home, ["XDG_CACHE_HOME"] = null, ["ORT_DISABLE_TELEMETRY"] = null, ["DOTNET_CLI_HOME"] = home },
        };
        using Process process = Process.Start(doctor)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        output.ShouldContain("model all-MiniLM-L6-v2");
        Directory.EnumerateFileSystemEntries(home, "*", SearchOption.AllDirectories).ShouldBeEmpty();
        Directory.Delete(home, true);
    }
}
