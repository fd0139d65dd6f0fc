using System.Runtime.CompilerServices;
using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>A file to index.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Id">Its document id: the path below the folder that was named, with slashes.</param>
internal sealed record SourceFile(string Path, string Id)
{
    public static readonly string[] Extensions = [".txt", ".md", ".markdown", ".ndjson", ".jsonl"];

    /// <summary>The file itself, or what is readable below a folder; hidden files and folders are left out.</summary>
    public static List<SourceFile> Find(string path)
    {
        if (File.Exists(path))
        {
            return IsReadable(path) ? [new SourceFile(path, System.IO.Path.GetFileName(path))] : throw Unreadable(path);
        }
        if (!Directory.Exists(path))
        {
            throw new RetrievalException(ErrorKind.NotFound, $"There is no file or folder '{path}'.", "path", path);
        }
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System, IgnoreInaccessible = true };
        List<SourceFile> files = [.. Directory.EnumerateFiles(path, "*", all).Where(IsReadable).Order(StringComparer.Ordinal)
            .Select(f => new SourceFile(f, System.IO.Path.GetRelativePath(path, f).Replace('\\', '/')))];
        return files.Count > 0 ? files : throw Unreadable(path);
    }

    /// <summary>One verdict a document.</summary>
    public async IAsyncEnumerable<BulkVerdict> SendAsync(RetrievalClient client, string collection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (System.IO.Path.GetExtension(Path).ToUpperInvariant() is ".NDJSON" or ".JSONL")
        {
            await foreach (BulkVerdict verdict in SendLinesAsync(client, collection, cancellationToken))
            {
                yield return verdict;
            }
        }
        else
        {
            yield return await SendTextAsync(client, collection, cancellationToken);
        }
    }

    private async IAsyncEnumerable<BulkVerdict> SendLinesAsync(RetrievalClient client, string collection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using NdjsonFile file = new(Path);
        while (file.Next() is { Count: > 0 } lines)
        {
            int i = 0;
            await foreach (BulkVerdict verdict in client.BulkAsync(collection, lines.Select(l => l.Line), cancellationToken))
            {
                yield return verdict.Id is null ? verdict with { Id = $"{Id}, line {lines[i].Number}" } : verdict;
                i++;
            }
        }
        if (file.Error is not null)
        {
            yield return new BulkVerdict(Id, DocumentStatus.Failed, file.Error);
        }
    }

    private async Task<BulkVerdict> SendTextAsync(RetrievalClient client, string collection, CancellationToken cancellationToken)
    {
        try
        {
            string mediaType = System.IO.Path.GetExtension(Path).ToUpperInvariant() is ".MD" or ".MARKDOWN" ? "text/markdown" : "text/plain";
            StatusInfo status = await client.PutTextAsync(collection, Id, await File.ReadAllBytesAsync(Path, cancellationToken), mediaType, cancellationToken);
            return new BulkVerdict(Id, status.Status, status.Error);
        }
        catch (RetrievalException e) when (e.Problem.Kind is ErrorKind.Invalid or ErrorKind.TooLarge)
        {
            return new BulkVerdict(Id, DocumentStatus.Failed, e.Problem.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new BulkVerdict(Id, DocumentStatus.Failed, e.Message);
        }
    }

    private static bool IsReadable(string path) => Extensions.Contains(System.IO.Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static RetrievalException Unreadable(string path) =>
        new(ErrorKind.Invalid, $"'{path}' holds nothing that can be indexed.", "path", path, string.Join(' ', Extensions), "Name a file or folder with one of these endings.");
}
