using Microsoft.Extensions.Logging;

namespace Retrieval.Encoder;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Model {Model} from {Path}: {Dimensions} dimensions, {MaxTokens} tokens, space {Space}, {Provider}, loaded in {Milliseconds:F0} ms.")]
    public static partial void Loaded(ILogger logger, string model, string path, int dimensions, int maxTokens, string space, string provider, double milliseconds);

    [LoggerMessage(2, LogLevel.Error, "A batch of {Texts} texts failed on model {Model}.")]
    public static partial void BatchFailed(ILogger logger, Exception e, int texts, string model);

    [LoggerMessage(3, LogLevel.Information, "Queries of {Model} are encoded by {Student}: cosine {Cosine:F3}, recall@10 kept {Recall:F3} ({Low:F3} to {High:F3}) on {Texts} held-out texts.")]
    public static partial void Pair(ILogger logger, string model, string student, double cosine, double recall, double low, double high, int texts);
}
