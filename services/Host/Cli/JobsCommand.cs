using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval jobs</c>: what became of changes.</summary>
internal static class JobsCommand
{
    public static Command Create(CommonOptions common)
    {
        Command command = new("jobs", "Changes of documents: where they stand and how they came there.");
        command.Subcommands.Add(List(common));
        command.Subcommands.Add(Show(common));
        HelpExamples.Add(command, "retrieval jobs list --status failed", "retrieval jobs list --limit 20 --json");
        return command;
    }

    /// <summary>Options of a list as a query string.</summary>
    public static string Query(params IEnumerable<(string Name, string? Value)> options) =>
        string.Join('&', options.Where(o => o.Value is not null).Select(o => $"{o.Name}={Uri.EscapeDataString(o.Value!)}")) is { Length: > 0 } query ? $"?{query}" : "";

    /// <summary>Everything about one job.</summary>
    public static void Print(IAnsiConsole console, StatusInfo status)
    {
        console.WriteLine($"{status.Collection}/{status.Id} version {status.Version}: {Word(status.Status)}, {status.Attempts} attempts, {status.Chunks} chunks ({status.Reused} reused)");
        if (status.Error is not null)
        {
            console.WriteLine($"reason: {status.Error}");
        }
        Table table = new Table().Border(TableBorder.Simple).AddColumn("at").AddColumn("step").AddColumn(new TableColumn("ms").RightAligned()).AddColumn("note");
        foreach (TimelineEntry entry in status.Timeline)
        {
            table.AddRow(new Text(entry.At.ToString("O", CultureInfo.InvariantCulture)), new Text(entry.Step), new Text(entry.Milliseconds?.ToString("F1", CultureInfo.InvariantCulture) ?? ""), new Text(entry.Note ?? ""));
        }
        console.Write(table);
    }

    /// <summary>The word on the wire.</summary>
    public static string Word(DocumentStatus status) => status.ToString().ToLowerInvariant();

    private static Command List(CommonOptions common)
    {
        Option<string?> collection = new("--collection") { Description = "Only of this collection", HelpName = "name" };
        Option<DocumentStatus?> status = new("--status") { Description = "Only those that stand there", HelpName = "accepted|processing|indexed|failed|superseded|deleted" };
        Option<int> limit = new("--limit") { Description = "At most this many, the newest first", DefaultValueFactory = _ => 50 };
        Command command = new("list", "The newest changes.") { collection, status, limit };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            JobList jobs = await connection.Client.JobsAsync(Query(("collection", parsed.GetValue(collection)), ("status", parsed.GetValue(status) is { } s ? Word(s) : null),
                ("limit", parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture))), cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(jobs, WireJson.Strict.JobList));
                return ExitCodes.Success;
            }
            Table table = new Table().Border(TableBorder.Simple).AddColumn("job").AddColumn("document").AddColumn(new TableColumn("version").RightAligned()).AddColumn("status").AddColumn("reason");
            foreach (StatusInfo job in jobs.Jobs)
            {
                table.AddRow(new Text($"{job.Job}"), new Text($"{job.Collection}/{job.Id}"), new Text($"{job.Version}"), new Text(Word(job.Status)), new Text(job.Error ?? ""));
            }
            Terminal.Answers.Write(table);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        Argument<string> id = new("job") { Description = "Its id" };
        Command command = new("show", "One change with its timeline.") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            StatusInfo status = await connection.Client.JobAsync(parsed.GetValue(id)!, cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(status, WireJson.Strict.StatusInfo));
            }
            else
            {
                Print(Terminal.Answers, status);
            }
            return ExitCodes.Success;
        });
        return command;
    }
}
