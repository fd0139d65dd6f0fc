using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Passes over the real model in single precision, against reference embeddings in double precision.</summary>
public sealed class RealModelPassTests
{
    // A text per row, the first token's vector, unit length.
    private const int Width = 384, Every = 4;

    [Fact]
    public void Temperature_and_exits_of_a_real_model_are_the_reference()
    {
        string file = Path.Combine(Shared.Require("models", "bge-small-en-v1.5"), "onnx", "model.onnx");
        Npz reference = Npz.Read(Path.Combine(Shared.Require("golden", "real"), "cases.npz"));
        OnnxModel source = OnnxModel.Read(file);
        Check(reference, source, reference.Floats("bge.passage.embedding"));
        Check(reference, new TempScale(0.8).Apply(source), reference.Floats("bge.passage.temp0.8"));
        float[] exits = reference.Floats("bge.passage.exits");
        Check(reference, new Exit(4).Apply(source), exits[..(exits.Length / 2)]);
        Check(reference, new Exit(8).Apply(source), exits[(exits.Length / 2)..]);
    }

    private static void Check(Npz reference, OnnxModel model, float[] expected)
    {
        using ModelRun run = new(model);
        long[] ids = reference.Longs("bge.passage.ids"), offsets = reference.Longs("bge.passage.offsets");
        for (int text = 0; text < offsets.Length - 1; text += Every)
        {
            long[] own = ids[(int)offsets[text]..(int)offsets[text + 1]];
            float[] first = run.Run(new Dictionary<string, long[]> { ["input_ids"] = own, ["attention_mask"] = [.. own.Select(_ => 1L)], ["token_type_ids"] = new long[own.Length] }, [1, own.Length])[..Width];
            double norm = Math.Sqrt(first.Sum(x => (double)x * x));
            first.Zip(expected[(text * Width)..((text + 1) * Width)], (a, e) => Math.Abs((a / norm) - e)).Max().ShouldBeLessThan(2e-5, $"text {text}");
        }
    }
}
