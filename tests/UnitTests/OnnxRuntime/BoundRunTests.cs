using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.OnnxRuntime;

/// <summary>Bound memory changes where numbers lie, not what they are.</summary>
public sealed class BoundRunTests
{
    private static string Graph => Path.Combine(TestData.DefaultModel, "onnx", "model.onnx");

    [Fact]
    public void On_a_processor_a_bound_run_has_the_bits_of_a_plain_one()
    {
        using EncoderSession session = EncoderSession.Open(Graph, 1, ExecutionProvider.Cpu);
        using BoundRun bound = session.Bind();
        Random random = new(1);
        foreach (BatchShape shape in (BatchShape[])[new(1, 9), new(5, 31), new(2, 3), new(5, 31)])
        {
            (string, long[])[] inputs = Inputs(session, shape, random);
            float[] plain = session.Run(inputs, [], shape, "last_hidden_state", (values, _) => values.ToArray());
            float[] own = bound.Run(inputs, [], shape, "last_hidden_state", (values, dims) => values.ToArray());
            own.AsSpan().SequenceEqual(plain).ShouldBeTrue($"{shape}");
        }
    }

    /// <summary>Needs a build with -p:Gpu=true and a GPU; it ran on none so far.</summary>
    [Fact]
    public void On_a_GPU_vectors_are_those_of_the_processor()
    {
        Assert.SkipWhen(!File.Exists("/proc/driver/nvidia/version"), "Optional: no NVIDIA GPU");
        Assert.SkipWhen(!EncoderSession.AvailableProviders.Contains(EncoderSession.CudaProvider), "Optional: built without -p:Gpu=true");
        string graph = Path.Combine(Shared.Require("models", "all-MiniLM-L6-v2"), "onnx", "model.onnx");
        using EncoderSession cpu = EncoderSession.Open(graph, 1, ExecutionProvider.Cpu), gpu = EncoderSession.Open(graph, 1, ExecutionProvider.Cuda);
        using BoundRun bound = gpu.Bind();
        Random random = new(1);
        foreach (BatchShape shape in (BatchShape[])[new(1, 9), new(64, 128), new(5, 31)])
        {
            (string, long[])[] inputs = Inputs(cpu, shape, random);
            float[] expected = cpu.Run(inputs, [], shape, "last_hidden_state", (values, _) => values.ToArray()), own = bound.Run(inputs, [], shape, "last_hidden_state", (values, _) => values.ToArray());
            own.Zip(expected, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-3f, $"{shape}");
        }
    }

    private static (string, long[])[] Inputs(EncoderSession session, BatchShape shape, Random random)
    {
        int size = shape.Rows * shape.Columns;
        long[] ids = [.. Enumerable.Range(0, size).Select(_ => (long)random.Next(1000, 20_000))], ones = [.. Enumerable.Repeat(1L, size)];
        return [.. session.Inputs.Select(n => (n, n switch { "input_ids" => ids, "attention_mask" => ones, _ => new long[size] }))];
    }
}
