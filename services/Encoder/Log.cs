using Microsoft.Extensions.Logging;

namespace Retrieval.Encoder;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Model {Model} from {Path}: {Dimensions} dimensions, {MaxTokens} tokens, space {Space}, {Provider}, runs {Runs}, loaded in {Milliseconds:F0} ms.")]
    public static partial void Loaded(ILogger logger, string model, string path, int dimensions, int maxTokens, string space, string provider, string runs, double milliseconds);

    [LoggerMessage(2, LogLevel.Error, "A batch of {Texts} texts failed on model {Model}.")]
    public static partial void BatchFailed(ILogger logger, Exception e, int texts, string model);

    [LoggerMessage(3, LogLevel.Information, "Queries of {Model} may be encoded by tier {Tier}: cosine {Cosine:F3}, recall@10 kept {Recall:F3} ({Low:F3} to {High:F3}) on {Texts} texts.")]
    public static partial void Admitted(ILogger logger, string model, string tier, double cosine, double recall, double low, double high, int texts);

    [LoggerMessage(4, LogLevel.Error, "Model {Model} could not be loaded: {Reason}")]
    public static partial void LoadFailed(ILogger logger, string model, string reason);

    [LoggerMessage(5, LogLevel.Information, "Model {Model} of {Bytes} bytes waits for its first request: Encoder:ModelBytes is {Limit}.")]
    public static partial void Waits(ILogger logger, string model, long bytes, long limit);

    [LoggerMessage(6, LogLevel.Information, "Model {Model} is unloaded to make room for {Other}.")]
    public static partial void Unloaded(ILogger logger, string model, string other);

    [LoggerMessage(7, LogLevel.Critical, "Model {Model} is dead, the process ends: {Reason}")]
    public static partial void Died(ILogger logger, Exception? e, string model, string reason);

    [LoggerMessage(8, LogLevel.Warning, "How many runs are best cannot be kept in {File} and is measured at every start: {Reason} Set Encoder:CompiledFolder, or Encoder:Threads.")]
    public static partial void RunsNotKept(ILogger logger, string file, string reason);

    [LoggerMessage(9, LogLevel.Information, "Tiers of {Model} ({Tiers}) share one copy of the weights: {All:F1} MiB resident with all of them, {Whole:F1} MiB at full depth alone.")]
    public static partial void TiersKept(ILogger logger, string model, string tiers, double all, double whole);

    [LoggerMessage(10, LogLevel.Warning, "Tiers of {Model} ({Tiers}) are opened when they are first asked for: {Why}.")]
    public static partial void TiersOnDemand(ILogger logger, string model, string tiers, string why);
}
