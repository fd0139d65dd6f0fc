using System.Text.Json;
using Retrieval.Contracts;
using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>Gives a collection another codec and watches its index until all files are as the codec says.</summary>
internal static class CodecSwitch
{
    // The vectors as they are need no codes beside them.
    private const string Float32 = "float32", None = "none";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public static async Task<int> RunAsync(RetrievalClient client, string collection, string codec, bool json, CancellationToken cancellationToken)
    {
        string? wanted = codec == Float32 ? null : codec;
        CollectionInfo info = await client.PutCodecAsync(collection, wanted ?? None, cancellationToken);
        try
        {
            await Progress.RunAsync(Terminal.Remarks, "Coding", "chunks", (int)Math.Min(info.Chunks, int.MaxValue), async tell => info = await WatchAsync(client, collection, wanted, tell, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            Terminal.Remarks.WriteLine($"Collection '{collection}' has codec {codec}; its files go on being written while a server runs.");
            throw;
        }
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new SwitchAnswer(collection, wanted, info.Coding?.Stage.ToString().ToLowerInvariant(), info.Coding?.Coded ?? 0, info.Coding?.Reason), BenchJson.Default.SwitchAnswer));
        }
        else
        {
            Terminal.Answers.WriteLine($"Collection '{collection}' has codec {wanted ?? None}: {info.Coding?.Coded ?? 0} of its {info.Chunks} chunks are in files, {info.Coding?.InMemory ?? 0} in memory. {info.Coding?.Reason}".TrimEnd());
        }
        return info.Coding?.Stage == CodecStage.Refused ? ExitCodes.Conflict : ExitCodes.Success;
    }

    private static async Task<CollectionInfo> WatchAsync(RetrievalClient client, string collection, string? wanted, Action<double, string> tell, CancellationToken cancellationToken)
    {
        while (true)
        {
            CollectionInfo info = await client.CollectionAsync(collection, cancellationToken);
            // The index follows the setting a moment later; and somebody else may have set another one, which is then not ours to wait for.
            if (info.Codec != wanted || info.Coding is null || (info.Coding.Codec == wanted && info.Coding.Stage is (CodecStage.Ready or CodecStage.Waiting or CodecStage.Refused)))
            {
                return info;
            }
            tell(info.Coding.Codec == wanted ? info.Coding.Coded : 0, info.Coding.Stage == CodecStage.Training ? "Training" : "Coding");
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}

/// <summary>The answer of --apply as JSON.</summary>
internal sealed record SwitchAnswer(string Collection, string? Codec, string? Stage, long Coded, string? Reason);
