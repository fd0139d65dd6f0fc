using System.CommandLine;
using System.Text.Json;
using Retrieval.Contracts;
using Retrieval.Ingestion.Sources;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval index</c>.</summary>
internal static class IndexCommand
{
    public const string DefaultCollection = "docs";

    private static readonly string Readable = string.Join(' ', FileFormat.All.Where(f => f != FileFormat.Source).SelectMany(f => f.Extensions));

    /// <summary>Between two looks with --watch, when the system tells of nothing.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    public static Command Create(CommonOptions common)
    {
        Argument<string> path = new("path") { Description = "A file or a folder" };
        Option<string> collection = new("--collection") { Description = "Collection to write to; created when it is not there", HelpName = "name", DefaultValueFactory = _ => DefaultCollection };
        Option<bool> watch = new("--watch") { Description = "Go on, and follow what changes in the folder, until Ctrl-C" };
        Option<string[]> include = new("--include") { Description = "Only files that fit this glob; may be repeated. A name without a slash fits anywhere", HelpName = "glob" };
        Option<string[]> exclude = new("--exclude") { Description = "Leave out files and folders that fit this glob; may be repeated", HelpName = "glob" };
        FieldOptions fields = new();
        Command command = new("index", $"""
            Index a file, or every file below a folder: {Readable}, and source code. Records of NDJSON, and of CSV and JSON that have a field 'text', are documents of their own.
            Called again, it sends what has changed and removes what is gone. Files that cannot be read are named with the reason, and the others go on.
            """) { path, collection, watch, include, exclude };
        fields.AddTo(command);
        HelpExamples.Add(command, "retrieval index ./notes", "retrieval index ./handbook.md --collection handbook", "retrieval index ./notes --exclude node_modules --exclude 'drafts/**'",
            "retrieval index ./faq.csv --id-field number --title-field question --text-field answer");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string full = Path.GetFullPath(parsed.GetValue(path)!);
            SourceFolder folder = Folder(full, parsed.GetValue(path)!, parsed.GetValue(include) ?? [], parsed.GetValue(exclude) ?? [], parsed.GetValue(watch), cancellationToken);
            Settings settings = common.Load(parsed);
            await using Connection connection = await Connection.OpenAsync(settings, cancellationToken);
            string name = parsed.GetValue(collection)!;
            await connection.Client.PutCollectionAsync(name, cancellationToken);
            FolderSync sync = new(folder, full, new ApiTarget(connection.Client, name), fields.Read(parsed), settings.Gateway.MaxDocumentBytes);
            using SourceWatch? follow = parsed.GetValue(watch) ? new SourceWatch(full, TimeProvider.System) : null;
            return await RunAsync(sync, follow, name, common.IsJson(parsed), cancellationToken);
        });
        return command;
    }

    /// <summary>What cannot be indexed at all is told before a server is started.</summary>
    private static SourceFolder Folder(string full, string given, string[] include, string[] exclude, bool watch, CancellationToken cancellationToken)
    {
        if (!File.Exists(full) && !Directory.Exists(full))
        {
            throw new RetrievalException(ErrorKind.NotFound, $"There is no file or folder '{given}'.", "path", given);
        }
        SourceFolder folder = new(full, include, exclude);
        bool nothing = File.Exists(full) ? include.Length == 0 && FileFormat.OfName(full) is null : !watch && folder.Look(cancellationToken) is { Files.Count: 0, Problems.Count: 0 };
        return !nothing ? folder : throw new RetrievalException(ErrorKind.Invalid, $"'{given}' holds nothing that can be indexed.", "path", given, Readable, "Name a file or folder with one of these endings, or say with --include what is to be read.");
    }

    private static async Task<int> RunAsync(FolderSync sync, SourceWatch? follow, string collection, bool json, CancellationToken cancellationToken)
    {
        int code = ExitCodes.Success;
        for (bool isFirst = true; ; isFirst = false)
        {
            SyncReport report = await RunAsync(sync, isFirst, cancellationToken);
            if (isFirst || report.Verdicts.Count > 0)
            {
                code = Report(report, json, collection);
            }
            if (follow is null)
            {
                return code;
            }
            await follow.WaitAsync(Look, cancellationToken);
        }
    }

    /// <summary>The first look shows how far it is.</summary>
    private static async Task<SyncReport> RunAsync(FolderSync sync, bool isFirst, CancellationToken cancellationToken)
    {
        if (!isFirst)
        {
            return await sync.RunAsync(null, null, TimeProvider.System.GetUtcNow(), cancellationToken);
        }
        SyncReport? report = null;
        TaskCompletionSource<int> found = new();
        Action step = () => { };
        Task<SyncReport> running = sync.RunAsync(async files => { found.TrySetResult(files); await Task.Yield(); }, () => step(), TimeProvider.System.GetUtcNow(), cancellationToken);
        await Task.WhenAny(found.Task, running);
        await Progress.RunAsync(Terminal.Remarks, "Indexing", "files", found.Task.IsCompleted ? await found.Task : 0, async one =>
        {
            step = one;
            report = await running;
        });
        return report!;
    }

    private static int Report(SyncReport report, bool json, string collection)
    {
        List<BulkVerdict> failed = [.. report.Verdicts.Where(v => v.Error is not null)];
        if (json)
        {
            foreach (BulkVerdict verdict in report.Verdicts.Concat(report.Unchanged.Select(id => new BulkVerdict(id, DocumentStatus.Indexed))).OrderBy(v => v.Id, StringComparer.Ordinal))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(verdict, WireJson.Strict.BulkVerdict));
            }
        }
        else
        {
            int removed = report.Verdicts.Count(v => v.Status == DocumentStatus.Deleted);
            string more = report.Unchanged.Count + removed == 0 ? "" : $" {report.Unchanged.Count} unchanged, {removed} removed.";
            Terminal.Answers.WriteLine($"{report.Verdicts.Count - failed.Count - removed + report.Unchanged.Count} documents in collection '{collection}', {failed.Count} failed.{more}");
            failed.ForEach(v => Terminal.Remarks.WriteLine($"failed: {v.Id}: {v.Error}"));
        }
        return failed.Count > 0 ? ExitCodes.PartlyFailed : ExitCodes.Success;
    }
}
