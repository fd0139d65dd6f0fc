using System.Diagnostics;
using System.Globalization;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>How long the built program takes from its start to a green /readyz, on an empty data folder.</summary>
internal static class ReadyBenchmark
{
    private const int Port = 18_473, PauseMs = 5;

    public static async Task<int> RunAsync(int starts, CancellationToken cancellationToken)
    {
        string program = TestData.InRepository("services", "Host", "bin", "Release", "net10.0", "retrieval");
        if (!File.Exists(program))
        {
            throw new InvalidOperationException($"{program} is not there: dotnet build -c Release services/Host");
        }
        List<double> times = [];
        for (int i = 0; i < starts; i++)
        {
            times.Add(await StartAsync(program, cancellationToken));
        }
        Report.Head("Start to ready", $"ready --starts {starts}");
        Report.Columns("start to ready, ms", "median");
        Report.Row(string.Join(", ", times.Select(t => t.ToString("0", CultureInfo.InvariantCulture))), Timing.Median(times));
        return 0;
    }

    private static async Task<double> StartAsync(string program, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = TimeSpan.FromSeconds(5) };
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, ["serve", "--data", folder, "--urls", $"http://127.0.0.1:{Port}"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        while (!await IsReadyAsync(http, cancellationToken))
        {
            await Task.Delay(PauseMs, cancellationToken);
        }
        double time = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
        Directory.Delete(folder, true);
        return time;
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            return (await http.GetAsync("/readyz", cancellationToken)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
