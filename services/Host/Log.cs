using Retrieval.Contracts;

namespace Retrieval.Host;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Unexpected error at {Path}, trace {Trace}.")]
    public static partial void Unexpected(ILogger logger, Exception e, string path, string trace);

    [LoggerMessage(2, LogLevel.Error, "The answer at {Path} broke off.")]
    public static partial void BrokenAnswer(ILogger logger, Exception e, string path);

    [LoggerMessage(3, LogLevel.Information, "Ready after {Milliseconds:F0} ms.")]
    public static partial void Ready(ILogger logger, double milliseconds);

    [LoggerMessage(4, LogLevel.Critical, "Start-up failed: {Reason}")]
    public static partial void StartFailed(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Role {Role} at {Url} does not answer yet: {Reason}")]
    public static partial void WaitingForRole(ILogger logger, Role role, string url, string reason);
}
