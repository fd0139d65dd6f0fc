using Microsoft.Extensions.Logging;

namespace Retrieval.Compression;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Context of {Tokens} of {Budget} tokens: {Kept} of {Sentences} sentences from {Passages} passages.")]
    public static partial void Compressed(ILogger logger, int tokens, int budget, int kept, int sentences, int passages);
}
