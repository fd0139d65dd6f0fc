using System.Diagnostics;
using System.Globalization;
using Retrieval.Contracts;

namespace Retrieval.Storage;

/// <summary>The data folder and the operating system's lock on it: one process at a time. A killed process leaves no lock behind.</summary>
public sealed class DataFolder : IDisposable
{
    private const string LockName = "lock", PidName = "lock.pid";
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Creates the folder when it is missing, and takes the lock.</summary>
    /// <exception cref="RetrievalException">Unavailable when it cannot be written, Conflict when another process has it.</exception>
    public static DataFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(full, e);
        }
        FileStream file = Lock(full);
        try
        {
            File.WriteAllText(System.IO.Path.Combine(full, PidName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataFolder(full, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw NotWritable(full, e);
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string folder)
    {
        string path = System.IO.Path.Combine(folder, LockName);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw NotWritable(folder, e);
        }
        catch (IOException e) when (File.Exists(path) && Holder(folder) is { } pid)
        {
            throw new RetrievalException(ErrorKind.Conflict, $"The data folder {folder} is in use by process {pid}.", "Storage:Folder", folder,
                help: "Stop that process, talk to its server (--urls), or choose another folder: --data <folder>.", inner: e);
        }
        catch (IOException e)
        {
            throw NotWritable(folder, e);
        }
    }

    private static string? Holder(string folder)
    {
        try
        {
            string pid = File.ReadAllText(System.IO.Path.Combine(folder, PidName)).Trim();
            return int.TryParse(pid, CultureInfo.InvariantCulture, out int id) && IsAlive(id) ? pid : "(unknown)";
        }
        catch (IOException)
        {
            return "(unknown)";
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static RetrievalException NotWritable(string folder, Exception e) => new(ErrorKind.Unavailable,
        $"The data folder {folder} cannot be written: {e.Message}", "Storage:Folder", folder, help: "Choose another folder: --data <folder>.", inner: e);
}
