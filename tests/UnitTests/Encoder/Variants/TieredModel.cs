using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Encoder;
using Retrieval.UnitTests.Encoder.Upgrade;

namespace Retrieval.UnitTests.Encoder.Variants;

/// <summary>The golden BERT of 4 layers with the tiers L3 and L2 measured and admitted, as the command writes them.</summary>
internal static class TieredModel
{
    /// <summary>Writes a folder.</summary>
    public static string Write(TemporaryFolder folder, string name = "model", params int[] dimensions)
    {
        string model = TinyModel.Write(folder[name]);
        Admit(folder, model, [3, 2], dimensions).File.ShouldNotBeNull();
        return model;
    }

    public static TierReport Admit(TemporaryFolder folder, string model, int[] layers, int[] dimensions, double leastRecall = 0, string? output = null) => TierMeasuring.Run(
        new TierRequest(model, TinyModel.Texts(80, 5), layers, dimensions, "exits/layer_{n}.safetensors") { LeastRecall = leastRecall, Output = output },
        TinyModel.Options(folder["compiled"]), () => { }, NullLogger.Instance, TestContext.Current.CancellationToken);
}
