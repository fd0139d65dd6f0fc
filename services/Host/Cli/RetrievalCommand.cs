using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>The command line: parses, runs, and turns every failure into one line and an exit code.</summary>
public static class RetrievalCommand
{
    /// <summary>Runs a command line to its exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            (IReadOnlyList<KeyValuePair<string, string?>> settings, string[] others) = SettingFlags.Split(args);
            return await RunAsync(new CommonOptions(settings), others);
        }
        catch (RetrievalException e)
        {
            return Fail(e.Problem, args.Contains("--json"));
        }
    }

    private static async Task<int> RunAsync(CommonOptions common, string[] args)
    {
        RootCommand root = new("Self-hosted embedding and retrieval: documents in, ranked passages and cited contexts out.");
        ((HelpOption)root.Options.Single(o => o is HelpOption)).Action = new HelpExamples(new HelpAction(), "Exit codes:", [.. ExitCodes.Meanings]);
        foreach (Option option in common.All)
        {
            root.Options.Add(option);
        }
        root.Subcommands.Add(ServeCommand.Create(common));
        root.Subcommands.Add(IndexCommand.Create(common));
        root.Subcommands.Add(SearchCommand.Create(common));
        root.Subcommands.Add(JobsCommand.Create(common));
        root.Subcommands.Add(DeadLettersCommand.Create(common));
        root.Subcommands.Add(DoctorCommand.Create(common));
        root.Subcommands.Add(ModelCommand.Create(common));
        root.Subcommands.Add(BenchCommand.Create(common));
        root.Subcommands.Add(TokenizeCommand.Create());

        ParseResult parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (Wrong(parsed, root) is { } problem)
        {
            return Fail(problem, common.IsJson(parsed));
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(35) });
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception e) when (e is not RetrievalException)
        {
            return Fail(new Problem(ErrorKind.Internal, $"{e.GetType().Name}: {e.Message}"), common.IsJson(parsed));
        }
    }

    /// <summary>Words that are neither an option nor a setting, and values that an option does not take.</summary>
    private static Problem? Wrong(ParseResult parsed, RootCommand root)
    {
        Command command = parsed.CommandResult.Command;
        string help = $"'retrieval {(command == root ? "" : command.Name + " ")}--help' shows what is possible.";
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            IEnumerable<string> known = word.StartsWith('-') ? command.Options.Concat(root.Options).Select(o => o.Name) : root.Subcommands.Select(c => c.Name);
            return new Problem(ErrorKind.Invalid, $"'{word}' is not known here. {Nearest.Suggest(word, known)}".TrimEnd(), word, Help: help);
        }
        return parsed.Errors.Count == 0 ? null
            : parsed.Errors[0] is { SymbolResult: OptionResult { Tokens: [{ Value: var value }, ..], Option: var option } } && Taken(option.ValueType) is { } taken
                ? new Problem(ErrorKind.Invalid, $"{option.Name} takes {taken}, not '{value}'.", option.Name, value, taken, help)
                : new Problem(ErrorKind.Invalid, parsed.Errors[0].Message, Help: help);
    }

    private static string? Taken(Type type)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare.IsEnum ? string.Join(", ", Enum.GetNames(bare)).ToLowerInvariant() : bare == typeof(int) ? "a whole number" : null;
    }

    private static int Fail(Problem problem, bool json)
    {
        Console.Error.WriteLine(json ? JsonSerializer.Serialize(ProblemBody.Of(problem), WireJson.Strict.ProblemBody) : $"error: {problem}");
        return ExitCodes.Of(problem.Kind);
    }
}
