using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval dead-letters</c>: changes that were given up.</summary>
internal static class DeadLettersCommand
{
    public static Command Create(CommonOptions common)
    {
        Command command = new("dead-letters", "Changes that were given up: see why, try them again, or let them go.");
        command.Subcommands.Add(List(common));
        command.Subcommands.Add(Show(common));
        command.Subcommands.Add(Replay(common));
        command.Subcommands.Add(Drop(common));
        HelpExamples.Add(command, "retrieval dead-letters list", "retrieval dead-letters replay --all");
        return command;
    }

    private static Command List(CommonOptions common)
    {
        Option<string?> collection = new("--collection") { Description = "Only of this collection", HelpName = "name" };
        Option<int> limit = new("--limit") { Description = "At most this many, the newest first", DefaultValueFactory = _ => 50 };
        Command command = new("list", "What was given up, and why.") { collection, limit };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            DeadLetterList letters = await connection.Client.DeadLettersAsync(JobsCommand.Query(("collection", parsed.GetValue(collection)), ("limit", parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture))), cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(letters, WireJson.Strict.DeadLetterList));
                return ExitCodes.Success;
            }
            Table table = new Table().Border(TableBorder.Simple).AddColumn("job").AddColumn("document").AddColumn("failed at").AddColumn("reason");
            foreach (DeadLetterInfo letter in letters.DeadLetters)
            {
                table.AddRow(new Text($"{letter.Status.Job}"), new Text($"{letter.Status.Collection}/{letter.Status.Id}"), new Text(letter.FailedAt?.ToString("O", CultureInfo.InvariantCulture) ?? ""), new Text(letter.Status.Error ?? ""));
            }
            Terminal.Answers.Write(table);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        Argument<string> id = new("job") { Description = "Its id" };
        Command command = new("show", "One of them with its timeline and the exception.") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            DeadLetterInfo letter = await connection.Client.DeadLetterAsync(parsed.GetValue(id)!, cancellationToken);
            if (common.IsJson(parsed))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(letter, WireJson.Strict.DeadLetterInfo));
                return ExitCodes.Success;
            }
            JobsCommand.Print(Terminal.Answers, letter.Status);
            Terminal.Answers.WriteLine($"payload: {letter.PayloadUrl}");
            Terminal.Answers.WriteLine(letter.Stack ?? "");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Replay(CommonOptions common)
    {
        Argument<string?> id = new("job") { Description = "Its id", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> all = new("--all") { Description = "All of them" };
        Option<string?> collection = new("--collection") { Description = "With --all: only those of this collection", HelpName = "name" };
        Command command = new("replay", "Try one again, or all, with all their attempts.") { id, all, collection };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(id) is null != parsed.GetValue(all))
            {
                throw new RetrievalException(ErrorKind.Invalid, "Replay takes the id of one dead letter, or --all.", "job", parsed.GetValue(id), help: "retrieval dead-letters list shows the ids.");
            }
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            ReplayedInfo replayed = parsed.GetValue(id) is { } one ? await OneAsync(connection.Client, one, cancellationToken)
                : await connection.Client.ReplayAllAsync(JobsCommand.Query(("collection", parsed.GetValue(collection))), cancellationToken);
            Console.Out.WriteLine(common.IsJson(parsed) ? JsonSerializer.Serialize(replayed, WireJson.Strict.ReplayedInfo) : $"{replayed.Replayed} due again.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Drop(CommonOptions common)
    {
        Argument<string> id = new("job") { Description = "Its id" };
        Command command = new("drop", "Let one go; its job stays failed.") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using Connection connection = await Connection.OpenAsync(common.Load(parsed), cancellationToken);
            await connection.Client.DropAsync(parsed.GetValue(id)!, cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<ReplayedInfo> OneAsync(RetrievalClient client, string job, CancellationToken cancellationToken)
    {
        await client.ReplayAsync(job, cancellationToken);
        return new ReplayedInfo(1);
    }
}
