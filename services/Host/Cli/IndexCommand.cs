using System.Collections.Concurrent;
using System.CommandLine;
using System.Text.Json;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval index</c>.</summary>
internal static class IndexCommand
{
    public const string DefaultCollection = "docs";

    public static Command Create(CommonOptions common)
    {
        Argument<string> path = new("path") { Description = "A file or a folder" };
        Option<string> collection = new("--collection") { Description = "Collection to write to; created when it is not there", HelpName = "name", DefaultValueFactory = _ => DefaultCollection };
        Command command = new("index", $"""
            Index a file, or every file below a folder: {string.Join(' ', SourceFile.Extensions)}. Lines of NDJSON are documents of their own.
            Files that cannot be read are named with the reason, and the others go on.
            """) { path, collection };
        HelpExamples.Add(command, "retrieval index ./notes", "retrieval index ./handbook.md --collection handbook");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            List<SourceFile> files = SourceFile.Find(parsed.GetValue(path)!);
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            string name = parsed.GetValue(collection)!;
            await connection.Client.PutCollectionAsync(name, cancellationToken);
            return Report(await RunAsync(connection.Client, name, files, cancellationToken), common.IsJson(parsed), name);
        });
        return command;
    }

    private static async Task<List<BulkVerdict>> RunAsync(RetrievalClient client, string collection, List<SourceFile> files, CancellationToken cancellationToken)
    {
        ConcurrentBag<BulkVerdict> verdicts = [];
        await Progress.RunAsync(Terminal.Remarks, "Indexing", "documents", files.Count, step =>
            Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (file, cancel) =>
            {
                await foreach (BulkVerdict verdict in file.SendAsync(client, collection, cancel))
                {
                    verdicts.Add(verdict);
                }
                step();
            }));
        return [.. verdicts.OrderBy(v => v.Id, StringComparer.Ordinal)];
    }

    private static int Report(List<BulkVerdict> verdicts, bool json, string collection)
    {
        List<BulkVerdict> failed = verdicts.FindAll(v => v.Error is not null);
        if (json)
        {
            verdicts.ForEach(v => Console.Out.WriteLine(JsonSerializer.Serialize(v, WireJson.Strict.BulkVerdict)));
        }
        else
        {
            Terminal.Answers.WriteLine($"{verdicts.Count - failed.Count} documents in collection '{collection}', {failed.Count} failed.");
            failed.ForEach(v => Terminal.Remarks.WriteLine($"failed: {v.Id}: {v.Error}"));
        }
        return failed.Count > 0 ? ExitCodes.PartlyFailed : ExitCodes.Success;
    }
}
