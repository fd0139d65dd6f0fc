using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>Where the command line writes. Piped, it is plain text that no line break was put into.</summary>
internal static class Terminal
{
    private const int PipedWidth = 1000;

    /// <summary>Standard output: the answer.</summary>
    public static IAnsiConsole Answers { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error: progress and remarks, so that standard output stays the answer.</summary>
    public static IAnsiConsole Remarks { get; } = Create(Console.Error, Console.IsErrorRedirected);

    private static IAnsiConsole Create(TextWriter writer, bool piped)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = piped ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = piped ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = piped ? InteractionSupport.No : InteractionSupport.Detect,
        });
        console.Profile.Width = piped ? PipedWidth : console.Profile.Width;
        return console;
    }
}
