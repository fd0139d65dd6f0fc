using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Retrieval.IntegrationTests.Server;

/// <summary>The built program as a process of its own, with what it prints.</summary>
internal sealed class RetrievalProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _out = new(), _error = new();
    private readonly Lock _lock = new();

    private RetrievalProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Add(_out, e.Data);
        _process.ErrorDataReceived += (_, e) => Add(_error, e.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string Folder => AppContext.BaseDirectory;

    public int Id => _process.Id;

    public string Out => Read(_out);

    public string Error => Read(_error);

    public bool HasExited => _process.HasExited;

    /// <summary>Starts <c>retrieval</c> with arguments, in a folder that holds no settings and is nobody's home.</summary>
    public static RetrievalProcess Start(string workingFolder, params IEnumerable<string> arguments) => new(Info(Path.Combine(Folder, "retrieval"), workingFolder, arguments));

    /// <summary>A line for the shell, in which <c>retrieval</c> is the built program.</summary>
    public static RetrievalProcess Shell(string workingFolder, string line) => new(Info("/bin/sh", workingFolder, ["-c", line]));

    public static async Task<Result> RunAsync(string workingFolder, params IEnumerable<string> arguments)
    {
        await using RetrievalProcess process = Start(workingFolder, arguments);
        return await process.ExitAsync();
    }

    public static async Task<Result> ShellAsync(string workingFolder, string line)
    {
        await using RetrievalProcess process = Shell(workingFolder, line);
        return await process.ExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<Result> ExitAsync(int seconds = 60)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(seconds));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The process still runs after {seconds} s.\n{Out}\n{Error}");
        }
        return new Result(_process.ExitCode, Out, Error);
    }

    /// <summary>Waits for something that it prints.</summary>
    public async Task WaitForAsync(string text, int seconds = 60)
    {
        for (long began = Stopwatch.GetTimestamp(); !(Out + Error).Contains(text, StringComparison.Ordinal); await Task.Delay(20))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new TimeoutException($"'{text}' was not printed{(_process.HasExited ? $"; exit code {_process.ExitCode}" : $" in {seconds} s")}.\n{Out}\n{Error}");
            }
        }
    }

    /// <summary>kill -9: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a service manager sends it.</summary>
    public void Terminate() => Process.Start("/bin/sh", ["-c", $"kill -TERM {_process.Id}"]).WaitForExit();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static ProcessStartInfo Info(string program, string workingFolder, IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new(program, arguments)
        {
            WorkingDirectory = workingFolder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (string key in info.Environment.Keys.Where(k => k.StartsWith("RETRIEVAL", StringComparison.Ordinal)).ToList())
        {
            info.Environment.Remove(key);
        }
        info.Environment["HOME"] = workingFolder;
        info.Environment["RETRIEVAL__Encoder__Calibrate"] = "false"; // a home of its own would measure at every start
        info.Environment["PATH"] = $"{Folder}:{info.Environment["PATH"]}";
        info.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return info;
    }

    private void Add(StringBuilder to, string? line)
    {
        lock (_lock)
        {
            to.Append(line).Append(line is null ? "" : "\n");
        }
    }

    private string Read(StringBuilder from)
    {
        lock (_lock)
        {
            return from.ToString();
        }
    }
}

/// <summary>How a process ended.</summary>
internal sealed record Result(int Code, string Out, string Error)
{
    /// <summary>One line that begins with "error:" (or a list below it), the exit code, and no stack trace.</summary>
    public string ShouldFail(int code)
    {
        string all = $"exit code {Code}\n{Out}\n{Error}";
        Code.ShouldBe(code, all);
        string[] lines = [.. Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.Contains(" info: ", StringComparison.Ordinal))];
        lines[0].ShouldStartWith("error: ", customMessage: all);
        lines[1..].ShouldAllBe(l => l.StartsWith("- ", StringComparison.Ordinal), all);
        all.ShouldNotContain("   at ");
        return string.Join('\n', lines);
    }

    public Result ShouldSucceed()
    {
        Code.ShouldBe(0, $"{Out}\n{Error}");
        return this;
    }
}
