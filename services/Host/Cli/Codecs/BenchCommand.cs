using System.CommandLine;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval bench</c>: measurements on the user's own data.</summary>
internal static class BenchCommand
{
    public static Command Create(CommonOptions common) => new("bench", "Measure on your own data.") { BenchCodecsCommand.Create(common) };
}
