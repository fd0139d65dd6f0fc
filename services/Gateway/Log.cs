using Microsoft.Extensions.Logging;

namespace Retrieval.Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A document change from Dapr was dropped: {Reason}")]
    public static partial void ChangeDropped(ILogger logger, string reason);
}
