using Microsoft.Extensions.Logging;

namespace Retrieval.Ingestion;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Jobs could not be dispatched; trying again: {Reason}")]
    public static partial void DispatchFailed(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Error, "Job {Job} was given up after {Attempts} attempts.")]
    public static partial void GivenUp(ILogger logger, Exception e, Guid job, int attempts);

    [LoggerMessage(3, LogLevel.Warning, "Job {Job} failed in attempt {Attempts} and is due again at {Next}: {Reason}")]
    public static partial void WillRetry(ILogger logger, Guid job, int attempts, string next, string reason);

    [LoggerMessage(4, LogLevel.Error, "The outcome of job {Job} could not be recorded; it is due again when its lease is over.")]
    public static partial void NotRecorded(ILogger logger, Exception e, Guid job);

    [LoggerMessage(5, LogLevel.Warning, "The broker at {Url} does not answer: {Reason} Documents are accepted and wait until it does.")]
    public static partial void BrokerAway(ILogger logger, string url, string reason);

    [LoggerMessage(6, LogLevel.Information, "The broker at {Url} answers again; jobs go on.")]
    public static partial void BrokerAnswers(ILogger logger, string url);

    [LoggerMessage(7, LogLevel.Information, "Document changes are taken from exchange {Exchange} at {Url}.")]
    public static partial void IntakeOpen(ILogger logger, string exchange, string url);

    [LoggerMessage(8, LogLevel.Warning, "Document changes cannot be taken from the broker at {Url} yet: {Reason}")]
    public static partial void IntakeAway(ILogger logger, string url, string reason);

    [LoggerMessage(9, LogLevel.Warning, "A document change was refused and put into queue {Queue}: {Reason}")]
    public static partial void MessageRefused(ILogger logger, string queue, string reason);

    [LoggerMessage(10, LogLevel.Warning, "A document change was not taken and comes again: {Reason}")]
    public static partial void IntakeFailed(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Information, "{Count} finished jobs and marks of removed documents are gone; they were older than {Hours} hours.")]
    public static partial void Removed(ILogger logger, int count, int hours);

    [LoggerMessage(12, LogLevel.Warning, "Finished jobs could not be removed; trying again later: {Reason}")]
    public static partial void RetentionFailed(ILogger logger, string reason);

    [LoggerMessage(20, LogLevel.Information, "Source {Folder}: {Sent} documents sent to collection {Collection}, {Removed} removed, {Unchanged} unchanged.")]
    public static partial void SourceSynced(ILogger logger, string folder, string collection, int sent, int removed, int unchanged);

    [LoggerMessage(21, LogLevel.Warning, "Source {Folder}: {File}: {Reason}")]
    public static partial void SourceFileFailed(ILogger logger, string folder, string file, string reason);

    [LoggerMessage(22, LogLevel.Error, "Source {Folder} could not be followed; trying again: {Reason}")]
    public static partial void SourceFailed(ILogger logger, string folder, string reason);
}
