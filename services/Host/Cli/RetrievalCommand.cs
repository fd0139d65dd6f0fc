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
        RootCommand root = new("Self-hosted embedding and retrieval: documents in, ranked passages and cited contexts out.");
        ((HelpOption)root.Options.Single(o => o is HelpOption)).Action = new HelpExamples(new HelpAction(), "Exit codes:", [.. ExitCodes.Meanings]);
        CommonOptions common = new();
        foreach (Option option in common.All)
        {
            root.Options.Add(option);
        }
        root.Subcommands.Add(ServeCommand.Create(common));
        root.Subcommands.Add(IndexCommand.Create(common));
        root.Subcommands.Add(SearchCommand.Create(common));
        root.Subcommands.Add(DoctorCommand.Create(common));

        ParseResult parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (Wrong(parsed, root) is { } problem)
        {
            return Fail(problem, common.IsJson(parsed));
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(35) });
        }
        catch (RetrievalException e)
        {
            return Fail(e.Problem, common.IsJson(parsed));
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception e)
        {
            return Fail(new Problem(ErrorKind.Internal, $"{e.GetType().Name}: {e.Message}"), common.IsJson(parsed));
        }
    }

    /// <summary>Parse errors, and words that are neither an option nor a setting.</summary>
    private static Problem? Wrong(ParseResult parsed, RootCommand root)
    {
        Command command = parsed.CommandResult.Command;
        string[] unknown = [.. parsed.UnmatchedTokens.Where((t, i) => !SettingFlags.IsFlag(t) && !(i > 0 && SettingFlags.TakesValue(parsed.UnmatchedTokens[i - 1])))];
        if (unknown.Length > 0)
        {
            string word = unknown[0];
            IEnumerable<string> known = word.StartsWith('-')
                ? command.Options.Concat(root.Options).Select(o => o.Name)
                : root.Subcommands.Select(c => c.Name);
            return new Problem(ErrorKind.Invalid, $"'{word}' is not known here. {Nearest.Suggest(word, known)}", word,
                Help: $"'retrieval {(command == root ? "" : command.Name + " ")}--help' shows what is.");
        }
        ParseError? error = parsed.Errors.FirstOrDefault(e => !parsed.UnmatchedTokens.Any(t => e.Message.Contains($"'{t}'", StringComparison.Ordinal)));
        return error is null ? null : new Problem(ErrorKind.Invalid, error.Message, Help: $"'retrieval {(command == root ? "" : command.Name + " ")}--help' shows how.");
    }

    private static int Fail(Problem problem, bool json)
    {
        Console.Error.WriteLine(json ? JsonSerializer.Serialize(ProblemBody.Of(problem), WireJson.Strict.ProblemBody) : $"error: {problem}");
        return ExitCodes.Of(problem.Kind);
    }
}
