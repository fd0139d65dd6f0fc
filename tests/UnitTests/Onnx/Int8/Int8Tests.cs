using System.Text.Json;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>The int8 pass on every golden export: applied or refused by reason, near fp32, and the same bits in any batch.</summary>
public sealed class Int8Tests(ITestOutputHelper output)
{
    // Random weights are harsh: nothing in them is redundant. Real models are held to 0.997 by the quality tests.
    private const double LeastMean = 0.985;
    private static readonly string[] QuantizedForms = ["int8-qs8", "int8-qu8", "q4"];

    public static TheoryData<string, string> Forms => Goldens.Forms();

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_export_takes_int8_near_fp32_or_is_refused_by_reason(string model, string form)
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(model, form));
        if (Reason(form) is { } reason)
        {
            Should.Throw<PassRefusedException>(() => new Int8(new Int8Options()).Apply(source)).Message.ShouldContain(reason);
            return;
        }
        using ModelRun run = new(new Int8(new Int8Options()).Apply(source));
        foreach (GoldenCase golden in Goldens.Instance.Cases(model, "base"))
        {
            (GoldenBatch batch, float[] expected) = (golden.Batches().First().Batch, golden.Floats(golden.Key("last_hidden_state")!));
            double[] cosines = Cosines(batch.Tokens(run.Run(batch.Inputs, batch.Shape)), expected, batch.IsToken.Count(t => t));
            output.WriteLine($"{model} {form} {golden.Id}: cosine least {cosines.Min():0.0000}, mean {cosines.Average():0.0000}");
            cosines.Average().ShouldBeGreaterThan(LeastMean);
        }
    }

    [Theory]
    [InlineData("bert", "ts-sdpa-14", 24, 16)]
    [InlineData("llama", "dynamo-sdpa-18", 28, 16)]
    [InlineData("t5", "ts-eager-17", 24, 16)]
    public void Products_of_one_activation_share_its_quantisation_and_attention_stays(string model, string form, int products, int quantisations)
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(Require(model), form)), int8 = new Int8(new Int8Options()).Apply(source);
        Count(int8, "MatMulIntegerToFloat").ShouldBe(products);
        Count(int8, "QuantizeLinear").ShouldBe(quantisations);
        Count(int8, "MatMul").ShouldBe(Count(source, "MatMul") - products);
        int8.Proto.Graph.Initializer.ShouldContain(t => t.DataType == DataType.Int8 && t.Dims[0] == 320 && t.Dims[1] == 64, "the table of words");
        int8.Proto.Graph.Initializer.ShouldNotContain(t => t.DataType == DataType.Float && t.Dims.Count == 2 && t.Dims[0] == 64 && t.Dims[1] >= 32, "no fp32 matrix is left over");
    }

    [Theory]
    [InlineData("mlm", 12, 2)]
    [InlineData("crossencoder", 12, 0)]
    public void Heads_behind_the_layers_stay_in_fp32(string head, int products, int constant)
    {
        string path = Path.Combine(Shared.Require("golden", "bert_heads"), head + ".onnx");
        OnnxModel int8 = new Int8(new Int8Options()).Apply(OnnxModel.Read(path));
        Count(int8, "MatMulIntegerToFloat").ShouldBe(products);
        int8.Proto.Graph.Node.Count(n => n.OpType == "MatMul" && int8.Proto.Graph.Initializer.Any(t => t.Name == n.Input[1])).ShouldBe(constant);
    }

    [Theory]
    [InlineData("bert", "ts-eager-14")]
    [InlineData("bert", "dynamo-sdpa-23")]
    [InlineData("xlmr", "ts-sdpa-14")]
    [InlineData("modernbert", "ts-sdpa-17")]
    [InlineData("t5", "ts-eager-17")]
    [InlineData("llama", "ts-sdpa-17")]
    public void A_row_has_the_same_bits_alone_and_in_any_batch(string model, string form)
    {
        OnnxModel int8 = new Int8(new Int8Options()).Apply(OnnxModel.Read(Goldens.PathOf(Require(model), form)));
        using ModelRun run = new(int8);
        Random random = new(7);
        for (int round = 0; round < 12; round++)
        {
            int rows = random.Next(2, 9), columns = random.Next(4, 40);
            int[] lengths = [.. Enumerable.Range(0, rows).Select(_ => random.Next(1, columns + 1))];
            long[] ids = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextInt64(10, 300))], mask = [.. Enumerable.Range(0, rows * columns).Select(i => i % columns < lengths[i / columns] ? 1L : 0)];
            // XLM-R tells pads by their id, which is 1.
            ids = [.. ids.Zip(mask, (id, m) => m == 1 ? id : 1)];
            float[] together = run.Run(Inputs(ids, mask, columns), [rows, columns]);
            int width = together.Length / ids.Length, row = random.Next(rows), length = lengths[row];
            float[] alone = run.Run(Inputs(ids[(row * columns)..((row * columns) + length)], [.. Enumerable.Repeat(1L, length)], length), [1, length]);
            together.AsSpan(row * columns * width, length * width).SequenceEqual(alone).ShouldBeTrue($"round {round}: row {row} of {rows}, {length} of {columns} tokens");
        }
    }

    [Fact]
    public void Calibration_finds_the_largest_magnitude_of_every_channel()
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(Require("bert"), "ts-sdpa-14"));
        int[][] texts = [[2, 17, 99, 3], [2, 250, 3], [2, 31, 32, 33, 34, 35, 3]];
        ActivationRanges maxima = CalibrationRun.Gather(source, texts, TestContext.Current.CancellationToken);
        maxima.Channels.Count.ShouldBe(16);
        foreach ((string tensor, float[] channels) in maxima.Channels.Take(5))
        {
            Graph exposed = new(source);
            exposed.SetOutputs([.. source.Proto.Graph.Output, GraphNames.Value("seen", DataType.Float, "rows", "tokens", "width")]);
            exposed.Alias(tensor, "seen");
            using ModelRun run = new(exposed.ToModel());
            float[] largest = new float[channels.Length];
            foreach (float[] seen in texts.Select(t => run.Run(Inputs([.. t.Select(i => (long)i)], [.. t.Select(_ => 1L)], t.Length), [1, t.Length], "seen")))
            {
                for (int i = 0; i < seen.Length; i++)
                {
                    largest[i % largest.Length] = Math.Max(largest[i % largest.Length], Math.Abs(seen[i]));
                }
            }
            channels.Zip(largest, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f, tensor);
        }
    }

    [Fact]
    public void Smoothing_is_part_of_the_name_and_wants_the_calibration_of_this_model()
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(Require("bert"), "ts-sdpa-14"));
        ActivationRanges own = CalibrationRun.Gather(source, [[2, 17, 99, 3]], TestContext.Current.CancellationToken), other = CalibrationRun.Gather(source, [[2, 18, 99, 3]], TestContext.Current.CancellationToken);
        Int8 pass = new(new Int8Options { Maxima = own });
        pass.Name.ShouldNotBe(new Int8(new Int8Options { Maxima = other }).Name);
        pass.Name.ShouldNotBe(new Int8(new Int8Options()).Name);
        new Int8(new Int8Options { WeightBits = 8 }).Name.ShouldNotBe(new Int8(new Int8Options()).Name);
        Count(pass.Apply(source), "MatMulIntegerToFloat").ShouldBe(24);
        OnnxModel stranger = OnnxModel.Read(Goldens.PathOf("bert", "dynamo-sdpa-18"));
        Should.Throw<PassRefusedException>(() => pass.Apply(stranger)).Reason.ShouldContain("calibrate on this very model");
    }

    [Theory]
    [InlineData(6, 0.5, "weights of 6 bits")]
    [InlineData(8, 1.5, "a smoothing of 1.5")]
    public void Options_out_of_range_are_refused(int bits, double alpha, string reason)
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(Require("bert"), "ts-sdpa-14"));
        Should.Throw<PassRefusedException>(() => new Int8(new Int8Options { WeightBits = bits, Alpha = alpha }).Apply(source)).Reason.ShouldContain(reason);
    }

    [Fact]
    public void A_weight_that_is_no_number_is_refused_by_name()
    {
        Graph graph = new(OnnxModel.Read(Goldens.PathOf(Require("bert"), "ts-sdpa-14")));
        NodeProto node = graph.Nodes.First(n => n.OpType == "MatMul" && graph.Initializers.ContainsKey(n.Input[1]));
        float[] broken = new float[64 * 64];
        broken[100] = float.NaN;
        graph.SetInput(node, 1, graph.AddConstant("broken", DataType.Float, broken, 64, 64));
        Should.Throw<PassRefusedException>(() => new Int8(new Int8Options()).Apply(graph.ToModel())).Reason.ShouldContain("'broken'");
    }

    [Fact]
    public void Seven_bits_are_for_processors_that_saturate()
    {
        string[] flags = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [] : [];
        Assert.SkipWhen(flags.Length == 0, "Optional: this system does not list the instructions of its processor.");
        ProductBits.OfThisProcessor.ShouldBe(flags.Contains("avx512_vnni") || flags.Contains("avx_vnni") ? 8 : 7);
    }

    private static string Require(string model)
    {
        Shared.Require("golden", model);
        return model;
    }

    private static string? Reason(string form) => QuantizedForms.Contains(form) ? "is quantised already" : form == "fp16" ? "float16" : form == "ortopt" ? "keeps its projections inside" : null;

    private static int Count(OnnxModel model, string op) => model.Proto.Graph.Node.Count(n => n.OpType == op);

    private static Dictionary<string, long[]> Inputs(long[] ids, long[] mask, int columns) => new()
    {
        ["input_ids"] = ids, ["attention_mask"] = mask, ["token_type_ids"] = new long[ids.Length], ["position_ids"] = [.. Enumerable.Range(0, ids.Length).Select(i => (long)(i % columns))],
    };

    private static double[] Cosines(float[] actual, float[] expected, int tokens)
    {
        actual.Length.ShouldBe(expected.Length);
        int width = actual.Length / tokens;
        return [.. Enumerable.Range(0, tokens).Select(t => (double)System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(actual.AsSpan(t * width, width), expected.AsSpan(t * width, width)))];
    }
}
