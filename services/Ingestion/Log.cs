using Microsoft.Extensions.Logging;

namespace Retrieval.Ingestion;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Jobs could not be dispatched; trying again.")]
    public static partial void DispatchFailed(ILogger logger, Exception e);

    [LoggerMessage(2, LogLevel.Error, "Job {Job} was given up after {Attempts} attempts.")]
    public static partial void GivenUp(ILogger logger, Exception e, Guid job, int attempts);

    [LoggerMessage(3, LogLevel.Warning, "Job {Job} failed in attempt {Attempts} and is due again at {Next}: {Reason}")]
    public static partial void WillRetry(ILogger logger, Guid job, int attempts, string next, string reason);

    [LoggerMessage(20, LogLevel.Information, "Source {Folder}: {Sent} documents sent to collection {Collection}, {Removed} removed, {Unchanged} unchanged.")]
    public static partial void SourceSynced(ILogger logger, string folder, string collection, int sent, int removed, int unchanged);

    [LoggerMessage(21, LogLevel.Warning, "Source {Folder}: {File}: {Reason}")]
    public static partial void SourceFileFailed(ILogger logger, string folder, string file, string reason);

    [LoggerMessage(22, LogLevel.Error, "Source {Folder} could not be followed; trying again: {Reason}")]
    public static partial void SourceFailed(ILogger logger, string folder, string reason);
}
