using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Quality.Data;

namespace Retrieval.Quality.Product;

/// <summary>A model with a retrieval.json, in a folder of its own that goes with it.</summary>
internal sealed class Upgraded : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-upgraded-").FullName;

    private Upgraded(string passes, string model)
    {
        File.WriteAllText(Path.Combine(_folder, "retrieval.json"), $$"""{"version":1,"model":"{{model}}","passes":{{passes}}}""");
        Encoder = Load(_folder, Path.Combine(_folder, "compiled"));
    }

    public LocalEncoder Encoder { get; }

    public static Upgraded Of(string model, string passes) => new(passes, model);

    /// <summary>Passes: an exit with the dense layer that was trained for it.</summary>
    public static string Exit(string model, int layer) => $$"""[{"pass":"exit","layer":{{layer}},"dense":"{{Path.Combine(model, "exits", $"layer_{layer}.safetensors")}}"}]""";

    /// <summary>Batches run at once as in the product.</summary>
    public static LocalEncoder Load(string folder, string compiled) => LocalEncoder.Load(new EncoderOptions { Models = [new ModelOptions { Path = folder }], Provider = "cpu", CompiledFolder = compiled, CacheBytes = 0, Calibrate = false }, NullLogger.Instance);

    public void Dispose()
    {
        Encoder.Dispose();
        Directory.Delete(_folder, true);
    }

    /// <summary>The figure of a whole set: nDCG@10, or Spearman for pairs.</summary>
    public static async Task<double> MeasureAsync(IEncoder encoder, string data, CancellationToken cancellationToken)
    {
        TuningData set = TuningData.Read(data);
        return (await set.EvaluateAsync(encoder, () => { }, cancellationToken))([.. Enumerable.Range(0, set.Items)]);
    }
}
