using System.Collections.Concurrent;
using Retrieval.Contracts;

namespace Retrieval.Ingestion.Sources;

/// <summary>What one look at a folder came to.</summary>
/// <param name="Verdicts">One for each document that was sent or removed, and each file that could not be; by id.</param>
/// <param name="Files">Files that were found.</param>
/// <param name="Unchanged">Ids of documents that were as they are.</param>
/// <param name="Removed">Documents whose file or record is gone.</param>
public sealed record SyncReport(IReadOnlyList<BulkVerdict> Verdicts, int Files, IReadOnlyList<string> Unchanged, int Removed);

/// <summary>
/// Brings a collection to what a folder holds: by hash, so that unchanged files cost no encoding; files and records that are gone are removed, unless they only could not
/// be looked at. What it knows stands with the documents, so that it may stop at any point and go on the next time.
/// </summary>
/// <param name="folder">The files.</param>
/// <param name="name">Of the source.</param>
/// <param name="target">Where they go.</param>
/// <param name="fields">Of records.</param>
/// <param name="maxFileBytes">Bytes of a file.</param>
public sealed class FolderSync(SourceFolder folder, string name, ISourceTarget target, FieldMapping fields, long maxFileBytes)
{
    private const int AtOnce = 16, RecordsAtOnce = 64;

    // Files that need no second look while this process lives: as long, and as old, as when they were sent or failed. A file written within a moment of the look may be written again within the clock's step.
    private readonly ConcurrentDictionary<string, (long Bytes, DateTime Changed, IReadOnlyList<string> Ids)> _seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Bytes, DateTime Changed, string Reason)> _failed = new(StringComparer.Ordinal);
    private static readonly TimeSpan ClockStep = TimeSpan.FromSeconds(2);

    /// <summary>One look.</summary>
    /// <param name="found">Told how many files there are.</param>
    /// <param name="done">Called behind each file.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RetrievalException">NotFound, when the folder is not there.</exception>
    public async Task<SyncReport> RunAsync(Func<int, Task>? found, Action? done, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (List<SourceFile> files, List<SourceProblem> problems) = folder.Look(cancellationToken);
        Run run = new(await target.KnownAsync(name, cancellationToken).ConfigureAwait(false), target.Waits);
        await (found?.Invoke(files.Count) ?? Task.CompletedTask).ConfigureAwait(false);
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (file, cancel) =>
        {
            await TakeAsync(file, run, now, cancel).ConfigureAwait(false);
            done?.Invoke();
        }).ConfigureAwait(false);
        problems.ForEach(p => run.Fail(p.Path, p.Path, p.Reason));
        int removed = await RemoveAsync(run, files.Count, cancellationToken).ConfigureAwait(false);
        return new SyncReport([.. run.Verdicts.OrderBy(v => v.Id, StringComparer.Ordinal)], files.Count, [.. run.Unchanged.Order(StringComparer.Ordinal)], removed);
    }

    private async Task TakeAsync(SourceFile file, Run run, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_seen.TryGetValue(file.Path, out (long Bytes, DateTime Changed, IReadOnlyList<string> Ids) seen) && (seen.Bytes, seen.Changed) == (file.Bytes, file.Changed))
        {
            run.Keep(seen.Ids);
            return;
        }
        try
        {
            if (FileFormat.OfName(file.Path) == FileFormat.NdJson)
            {
                Remember(file, await SendAsync(file, RecordFile.Lines(file, fields, name), run, cancellationToken).ConfigureAwait(false), now);
                return;
            }
            SourceContent content = await SourceContent.ReadAsync(file, maxFileBytes, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<string> ids = RecordFile.Read(file, content.Bytes, fields, name) is { } records
                ? await SendAsync(file, records, run, cancellationToken).ConfigureAwait(false) : await SendAsync(file, content, run, cancellationToken).ConfigureAwait(false);
            Remember(file, ids, now);
        }
        catch (RetrievalException e) when (e.Problem.Kind is ErrorKind.Invalid or ErrorKind.TooLarge)
        {
            Fail(file, e.Problem.ToString(), run);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(file, e.Message, run);
        }
    }

    private void Remember(SourceFile file, IReadOnlyList<string> ids, DateTimeOffset now)
    {
        _failed.TryRemove(file.Path, out _);
        if (now.UtcDateTime - file.Changed > ClockStep)
        {
            _seen[file.Path] = (file.Bytes, file.Changed, ids);
        }
    }

    /// <summary>Told once, as long as neither the file nor the reason changes.</summary>
    private void Fail(SourceFile file, string reason, Run run)
    {
        (long, DateTime, string) now = (file.Bytes, file.Changed, reason);
        bool isTold = _failed.TryGetValue(file.Path, out (long Bytes, DateTime Changed, string Reason) before) && before == now;
        _failed[file.Path] = now;
        run.Fail(file.Path, isTold ? null : file.Path, reason);
    }

    private async Task<IReadOnlyList<string>> SendAsync(SourceFile file, SourceContent content, Run run, CancellationToken cancellationToken)
    {
        if (run.Claim(file.Path, file.Path, content.Sha256) && IsId(file.Path, file.Path, run))
        {
            run.Verdicts.Add(await target.PutFileAsync(file, content.Bytes, new DocumentSource(name, file.Path, content.Sha256), cancellationToken).ConfigureAwait(false));
        }
        return [file.Path];
    }

    private async Task<IReadOnlyList<string>> SendAsync(SourceFile file, IEnumerable<SourceRecord> records, Run run, CancellationToken cancellationToken)
    {
        List<string> ids = [];
        foreach (SourceRecord[] some in records.Chunk(RecordsAtOnce))
        {
            List<SourceRecord> changed = [.. some.Where(r => r.Id is null || (run.Claim(r.Id, $"{file.Path}, {r.Place}", r.Sha256) && IsId(r.Id, $"{file.Path}, {r.Place}", run)))];
            ids.AddRange(some.Select(r => r.Id).OfType<string>());
            if (changed.Count > 0)
            {
                IReadOnlyList<BulkVerdict> verdicts = await target.PutRecordsAsync(changed, cancellationToken).ConfigureAwait(false);
                foreach ((BulkVerdict verdict, SourceRecord record) in verdicts.Zip(changed))
                {
                    run.Verdicts.Add(verdict.Id is null ? verdict with { Id = $"{file.Path}, {record.Place}" } : verdict);
                }
            }
        }
        return ids;
    }

    private static bool IsId(string id, string place, Run run)
    {
        try
        {
            DocumentRules.RequireId(id);
            return true;
        }
        catch (RetrievalException e)
        {
            run.Verdicts.Add(new BulkVerdict(place, DocumentStatus.Failed, e.Problem.ToString()));
            return false;
        }
    }

    /// <summary>A folder that has become empty is more likely one whose disk is not there than one that was emptied.</summary>
    private async Task<int> RemoveAsync(Run run, int files, CancellationToken cancellationToken)
    {
        List<DocumentRow> gone = run.Gone();
        if (files == 0 && gone.Count > 0)
        {
            run.Verdicts.Add(new BulkVerdict(name, DocumentStatus.Failed, $"The folder holds no file now, and {gone.Count} documents are from it; none was removed. Is its disk there? If it was emptied, delete the documents."));
            return 0;
        }
        foreach (DocumentRow document in gone)
        {
            run.Verdicts.Add(await target.RemoveAsync(document.Id, cancellationToken).ConfigureAwait(false));
            _seen.TryRemove(document.Source!.Path, out _);
        }
        return gone.Count;
    }

    /// <summary>The state of one look.</summary>
    private sealed class Run(IReadOnlyList<DocumentRow> known, bool onlyOutcomes)
    {
        private readonly Dictionary<string, DocumentRow> _known = known.ToDictionary(k => k.Id, StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, string> _claimed = new(StringComparer.Ordinal);
        private readonly ConcurrentBag<string> _unknown = [];

        public ConcurrentBag<BulkVerdict> Verdicts { get; } = [];

        public ConcurrentBag<string> Unchanged { get; } = [];

        /// <summary>True when the document has to be sent.</summary>
        public bool Claim(string id, string place, string sha256)
        {
            if (!_claimed.TryAdd(id, place))
            {
                Verdicts.Add(new BulkVerdict(place, DocumentStatus.Failed, $"The id '{id}' is also that of {_claimed[id]}. Give every record an id of its own."));
                return false;
            }
            bool same = _known.TryGetValue(id, out DocumentRow? row) && (row.Status == DocumentStatus.Indexed || (!onlyOutcomes && row.Status is DocumentStatus.Accepted or DocumentStatus.Processing)) && row.Source?.Sha256 == sha256;
            if (same)
            {
                Unchanged.Add(id);
            }
            return !same;
        }

        public void Keep(IEnumerable<string> ids)
        {
            foreach (string id in ids)
            {
                if (_claimed.TryAdd(id, id))
                {
                    Unchanged.Add(id);
                }
            }
        }

        /// <summary>What is behind a path is not known this time.</summary>
        public void Fail(string path, string? place, string reason)
        {
            _unknown.Add(path);
            if (place is not null)
            {
                Verdicts.Add(new BulkVerdict(place, DocumentStatus.Failed, reason));
            }
        }

        /// <summary>Documents that were sent once and are not found any more.</summary>
        public List<DocumentRow> Gone() => [.. _known.Values.Where(k => !_claimed.ContainsKey(k.Id) && !_unknown.Any(u => u.Length == 0 || k.Source?.Path == u || k.Source?.Path.StartsWith($"{u}/", StringComparison.Ordinal) == true))];
    }
}
