using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.Quality.Product;

/// <summary>Encoders as the product opens them.</summary>
internal static class Models
{
    /// <summary>The folder of the model that the product ships.</summary>
    public static string Default => TestData.DefaultModel;

    /// <summary>One model on the processor, whose goldens these are.</summary>
    public static LocalEncoder Open(string folder, int threads = 1, int batchTokens = 1024) => LocalEncoder.Load(new EncoderOptions
    {
        Models = [new ModelOptions { Path = folder }], Provider = "cpu", Threads = threads, BatchTokens = batchTokens, CacheBytes = 0,
    }, NullLogger.Instance);

    /// <summary>Each text alone, one after another: no batch, no padding.</summary>
    public static async Task<List<float[]>> OneByOneAsync(LocalEncoder encoder, IEnumerable<string> texts, InputKind kind, CancellationToken cancellationToken)
    {
        List<float[]> vectors = [];
        foreach (string text in texts)
        {
            vectors.Add((await encoder.EmbedAsync(new EmbedRequest([text], kind), cancellationToken)).Vectors[0]);
        }
        return vectors;
    }
}
