using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Retrieval.Host.Cli;

/// <summary>--help with examples behind the options, so that the list of commands stays short.</summary>
internal sealed class HelpExamples(HelpAction usual, string title, string[] lines) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>Adds the examples to a command's help.</summary>
    public static void Add(Command command, params string[] examples) => Add(command, "Examples:", examples);

    /// <summary>Adds a titled paragraph to a command's help.</summary>
    public static void Add(Command command, string title, string[] lines) => command.Options.Add(new HelpOption { Action = new HelpExamples(new HelpAction(), title, lines) });

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using StringWriter help = new();
        parseResult.InvocationConfiguration.Output = help;
        int code = usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        output.Write(WithSettings(help.ToString()));
        output.WriteLine(title);
        foreach (string line in lines)
        {
            output.WriteLine($"  {line}");
        }
        output.WriteLine();
        return code;
    }

    /// <summary>What the library calls additional arguments are settings here.</summary>
    private static string WithSettings(string help) => help
        .Replace("[[--] <additional arguments>...]]", "[--Section:Key value]...", StringComparison.Ordinal)
        .Replace("Additional Arguments:", "Settings:", StringComparison.Ordinal)
        .Replace("Arguments passed to the application that is being run.", "Any setting of the server, as --Section:Key value; README.md lists the sections", StringComparison.Ordinal);
}
