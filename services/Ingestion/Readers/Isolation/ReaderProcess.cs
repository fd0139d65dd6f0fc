using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Readers.Isolation;

/// <summary>A reading process from outside. It has a bound of memory of its own (the runtime's heap limit, and where the shell can set it the kernel's), none of the service's environment, and is killed when a file takes too long.</summary>
internal sealed class ReaderProcess : IDisposable
{
    /// <summary>What the runtime maps beside its heap: code, stacks, tables.</summary>
    private const long BesideHeapKiB = 12L << 20;

    // Where the runtime is, and what programs and temporary files need; no settings, no secrets.
    private static readonly string[] Kept = ["PATH", "HOME", "TMPDIR", "LANG", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "SystemRoot", "TEMP", "TMP"];

    private readonly Process _process;
    private readonly ReaderOptions _options;

    private ReaderProcess(Process process, ReaderOptions options) => (_process, _options) = (process, options);

    /// <summary>Files that it has read.</summary>
    public int Files { get; private set; }

    /// <summary>Starts one.</summary>
    /// <exception cref="RetrievalException">Unavailable when the program is not there.</exception>
    public static ReaderProcess Start(ReaderOptions options)
    {
        string program = options.Program;
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new ProcessStartInfo(program, [ReaderProgram.Word])
            : new ProcessStartInfo("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"ulimit -c 0; ulimit -v {BesideHeapKiB + (options.MemoryMegabytes * 1024L * 6)} 2>/dev/null; exec \"$0\" \"$@\""), program, ReaderProgram.Word]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError, start.CreateNoWindow) = (true, true, true, true);
        foreach (string key in start.Environment.Keys.Where(k => !Kept.Contains(k, StringComparer.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(key);
        }
        start.Environment["DOTNET_GCHeapHardLimit"] = (options.MemoryMegabytes * 1024L * 1024).ToString("X", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        if (!File.Exists(program))
        {
            throw new RetrievalException(ErrorKind.Unavailable, $"Files of this format are read by a process of the program {program}, which is not there.", "Ingestion:Readers:Executable", program, help: "Set Ingestion:Readers:Executable to the program 'retrieval'.");
        }
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { }; // what a runtime says of its own end; never kept, since it may quote the file
        process.BeginErrorReadLine();
        return new ReaderProcess(process, options);
    }

    /// <summary>Reads a file; null text and the reason where it cannot be. Afterwards the process may be used again only when the second value says so.</summary>
    public async Task<(ReadAnswer Answer, bool IsWell)> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        Files++;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.Seconds));
        try
        {
            Stream to = _process.StandardInput.BaseStream;
            await ReaderWire.WriteAsync(to, new ReadOrder(request.MediaType, request.Name, request.Url, request.MaxCharacters, _options.Seconds), ReaderWire.Default.ReadOrder, limit.Token).ConfigureAwait(false);
            await ReaderWire.WriteAsync(to, request.Content, limit.Token).ConfigureAwait(false);
            // Six bytes are the longest that JSON writes for a UTF-16 unit.
            byte[]? answer = await ReaderWire.ReadAsync(_process.StandardOutput.BaseStream, (request.MaxCharacters * 6L) + (1 << 20), limit.Token).ConfigureAwait(false);
            return answer is null ? (await EndedAsync(limit.Token).ConfigureAwait(false), false) : JsonSerializer.Deserialize(answer, ReaderWire.Default.ReadAnswer) is { } read ? (read, !read.Ends) : throw new InvalidDataException();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (Failed(ErrorKind.Invalid, $"The file was not read within {_options.Seconds} s.", "Simplify or split it, raise Ingestion:Readers:Seconds, or send its text."), false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or JsonException)
        {
            return (await EndedAsync(cancellationToken).ConfigureAwait(false), false);
        }
    }

    /// <summary>Ends it, with what it started.</summary>
    public void Dispose()
    {
        try
        {
            _process.Kill(true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
        _process.Dispose();
    }

    private async Task<ReadAnswer> EndedAsync(CancellationToken cancellationToken)
    {
        const int Soon = 5;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(Soon));
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(ErrorKind.Invalid, "The process that read the file answered with no whole answer.", "The file is damaged or made to harm: send its text.");
        }
        return Failed(ErrorKind.Invalid, string.Create(CultureInfo.InvariantCulture, $"The process that read the file ended (exit code {_process.ExitCode}): the file takes more than {_options.MemoryMegabytes} MiB, or is nested too deeply, or its parser is defective."),
            "Simplify or split it, raise Ingestion:Readers:MemoryMegabytes, or send its text.");
    }

    private static ReadAnswer Failed(ErrorKind kind, string detail, string help) => new(null, new Problem(kind, detail, "body", Help: help));
}
