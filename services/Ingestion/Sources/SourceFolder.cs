using Microsoft.Extensions.FileSystemGlobbing;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Sources;

/// <summary>A file of a source.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Path">Below the folder, with slashes: the document's id.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Changed">When it was last written, UTC.</param>
public sealed record SourceFile(string FullPath, string Path, long Bytes, DateTime Changed);

/// <summary>A file or folder that could not be looked at.</summary>
/// <param name="Path">Below the source's folder, with slashes.</param>
/// <param name="Reason">For a person.</param>
public sealed record SourceProblem(string Path, string Reason);

/// <summary>
/// The files of a folder. Hidden ones are left out, and links are not followed: so there are no loops, and nothing from outside of the folder comes in. What cannot be
/// looked at is told, and not taken for removed.
/// </summary>
/// <param name="folder">The folder, or a single file.</param>
/// <param name="include">Globs; none: every file with a known ending.</param>
/// <param name="exclude">Globs.</param>
public sealed class SourceFolder(string folder, IReadOnlyList<string> include, IReadOnlyList<string> exclude)
{
    private readonly Matcher? _include = Globs(include), _exclude = Globs(exclude);

    /// <summary>Files in order of their paths, and what could not be looked at.</summary>
    /// <exception cref="RetrievalException">NotFound, when there is no such folder.</exception>
    public (List<SourceFile> Files, List<SourceProblem> Problems) Look(CancellationToken cancellationToken)
    {
        List<SourceFile> files = [];
        List<SourceProblem> problems = [];
        if (File.Exists(folder))
        {
            FileInfo file = new(folder);
            return ([new SourceFile(file.FullName, file.Name, file.Length, file.LastWriteTimeUtc)], problems);
        }
        if (!Directory.Exists(folder))
        {
            throw new RetrievalException(ErrorKind.NotFound, $"There is no file or folder '{folder}'.", "path", folder);
        }
        Stack<(DirectoryInfo Folder, string Path)> open = new([(new DirectoryInfo(folder), "")]);
        while (open.TryPop(out (DirectoryInfo Folder, string Path) next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                foreach (FileSystemInfo entry in next.Folder.EnumerateFileSystemInfos())
                {
                    Take(entry, next.Path.Length == 0 ? entry.Name : $"{next.Path}/{entry.Name}", files, open);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.SecurityException)
            {
                problems.Add(new SourceProblem(next.Path, e.Message));
            }
        }
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return (files, problems);
    }

    private void Take(FileSystemInfo entry, string path, List<SourceFile> files, Stack<(DirectoryInfo, string)> open)
    {
        if (entry.LinkTarget is not null || entry.Attributes.HasFlag(FileAttributes.Hidden) || entry.Attributes.HasFlag(FileAttributes.System) || entry.Name.StartsWith('.'))
        {
            return;
        }
        if (entry is DirectoryInfo below)
        {
            if (_exclude is null || !(_exclude.Match(path).HasMatches || _exclude.Match($"{path}/\u0001/\u0001").HasMatches)) // everything below it is left out, whatever it were called
            {
                open.Push((below, path));
            }
        }
        else if (entry is FileInfo file && IsWanted(path))
        {
            files.Add(new SourceFile(file.FullName, path, file.Length, file.LastWriteTimeUtc));
        }
    }

    private bool IsWanted(string path) => (_include is null ? FileFormat.OfName(path) is not null : _include.Match(path).HasMatches) && _exclude?.Match(path).HasMatches != true;

    private static Matcher? Globs(IReadOnlyList<string> globs)
    {
        if (globs.Count == 0)
        {
            return null;
        }
        Matcher matcher = new(StringComparison.Ordinal);
        foreach (string glob in globs)
        {
            matcher.AddInclude(glob.Contains('/') ? glob : $"**/{glob}"); // a name alone means it anywhere, as in .gitignore
        }
        return matcher;
    }
}
