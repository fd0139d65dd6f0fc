using System.ComponentModel.DataAnnotations;

namespace Retrieval.Ingestion.Readers;

/// <summary>Section <c>Ingestion:Readers</c>: how files that are parsed (HTML, DOCX, PDF, CSV, JSON) are read, in processes of their own.</summary>
public sealed class ReaderOptions
{
    /// <summary>The program <c>retrieval</c>, which is started to read; needed where another program hosts the roles. Default: the one beside the running program.</summary>
    public string Executable { get; init; } = "";

    /// <summary>Processes that read at once. Default: half of the processors, at least one.</summary>
    [Range(1, 256)]
    public int Processes { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Seconds that one file may take; then its process is killed and the document failed. Default 30.</summary>
    [Range(0.1, 3600)]
    public double Seconds { get; init; } = 30;

    /// <summary>Memory of a reading process in MiB: the limit of its heap. Default 512.</summary>
    [Range(64, 65_536)]
    public int MemoryMegabytes { get; init; } = 512;

    /// <summary>Files after which a process is replaced. Default 200.</summary>
    [Range(1, 1_000_000)]
    public int FilesAProcess { get; init; } = 200;

    /// <summary>Seconds without a file after which the processes end. Default 60.</summary>
    [Range(1, 86_400)]
    public int IdleSeconds { get; init; } = 60;

    /// <summary>Characters of text (UTF-16 units) in one file. Default 32 Mi.</summary>
    [Range(1, 1 << 28)]
    public int MaxCharacters { get; init; } = 32 << 20;

    internal string Program => Executable.Length > 0 ? Executable : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "retrieval.exe" : "retrieval");
}
