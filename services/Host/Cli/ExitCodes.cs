using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary>What the process's exit code means; printed by --help.</summary>
internal static class ExitCodes
{
    public const int Success = 0, Internal = 1, Usage = 2, NotFound = 3, Conflict = 4, Unavailable = 5, PartlyFailed = 6, Interrupted = 130;

    public static readonly string[] Meanings =
    [
        "0    success", "1    internal error, or doctor found what would stop a start", "2    wrong usage, settings or input", "3    not found", "4    in use, or in conflict with what is there",
        "5    unavailable or overloaded", "6    some documents failed", "130  interrupted",
    ];

    public static int Of(ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid or ErrorKind.TooLarge => Usage,
        ErrorKind.NotFound => NotFound,
        ErrorKind.Conflict or ErrorKind.SpaceMismatch => Conflict,
        ErrorKind.Unavailable or ErrorKind.Overloaded => Unavailable,
        _ => Internal,
    };
}
