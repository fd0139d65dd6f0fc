using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder;

public sealed class PoolingTests
{
    private static readonly float[] States = [1, -2, 3, 4, 5, 0];

    [Theory]
    [InlineData("cls", 1, -2)]
    [InlineData("mean", 3, 2f / 3)]
    [InlineData("max", 5, 4)]
    [InlineData("mean_sqrt_len", 9 / 1.7320508f, 2 / 1.7320508f)]
    [InlineData("weightedmean", (1 + 6 + 15) / 6f, (-2 + 8) / 6f)]
    [InlineData("lasttoken", 5, 0)]
    public void A_mode_gives_its_definition(string mode, float first, float second)
    {
        float[] pooled = new float[2];
        Pooling.Pool(mode, States, 3, pooled);
        pooled[0].ShouldBe(first, 1e-6);
        pooled[1].ShouldBe(second, 1e-6);
    }

    [Fact]
    public void Every_mode_has_a_name_in_the_module_file() => Pooling.Modes.Count.ShouldBe(6);

    [Fact]
    public void A_dense_module_computes_what_its_weights_say()
    {
        string folder = Shared.Require("models", "leaf-mini-en", "2_Dense");
        DenseLayer dense = DenseLayer.Load(folder);
        (dense.Inputs, dense.Outputs(384)).ShouldBe((384, 384));
        WeightFile file = WeightFile.Open(Path.Combine(folder, "model.safetensors"));
        float[] weights = file.Require("linear.weight", 384, 384).Values;
        float[] bias = file.Require("linear.bias", 384).Values, unit = new float[384];
        dense.Apply(new float[384]).ShouldBe(bias);
        unit[7] = 1;
        dense.Apply(unit)[100].ShouldBe(weights[100 * 384 + 7] + bias[100], 1e-6);
    }
}
