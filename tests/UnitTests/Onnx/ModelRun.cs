using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Runs a model with ONNX Runtime: an output as numbers.</summary>
internal sealed class ModelRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly TransformerLayer _layer;
    private readonly TemporaryFolder _folder = new();

    public ModelRun(OnnxModel model, GraphOptimizationLevel level = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        _layer = TransformerGraph.Analyze(model).Layers[0];
        model.Write(_folder["model.onnx"]);
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, GraphOptimizationLevel = level };
        _session = new InferenceSession(_folder["model.onnx"], options);
    }

    public IReadOnlyList<string> Inputs => _session.InputNames;

    public IReadOnlyList<string> Outputs => _session.OutputNames;

    /// <summary>An output, row-major, for inputs of one shape; a cache is fed empty.</summary>
    public float[] Run(IReadOnlyDictionary<string, long[]> inputs, long[] shape, string? output = null) => Run(inputs, shape, [output ?? _session.OutputNames[0]])[0];

    /// <summary>Outputs of one run.</summary>
    public float[][] Run(IReadOnlyDictionary<string, long[]> inputs, long[] shape, IReadOnlyCollection<string> outputs)
    {
        List<OrtValue> values = [.. _session.InputNames.Select(name => Value(name, inputs, shape))];
        try
        {
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(run, [.. _session.InputNames], values, outputs);
            return [.. results.Select(r => r.GetTensorDataAsSpan<float>().ToArray())];
        }
        finally
        {
            values.ForEach(v => v.Dispose());
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private OrtValue Value(string name, IReadOnlyDictionary<string, long[]> inputs, long[] shape)
    {
        if (inputs.TryGetValue(name, out long[]? data))
        {
            return OrtValue.CreateTensorValueFromMemory(data, shape);
        }
        return _session.InputMetadata[name].Dimensions.Length == 4 ? OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [shape[0], _layer.KeyHeads!.Value, 0, _layer.HeadSize!.Value])
            : throw new InvalidOperationException($"The test has nothing for input '{name}'.");
    }
}

/// <summary>A batch of a golden case, as a model takes it.</summary>
internal sealed record GoldenBatch(IReadOnlyDictionary<string, long[]> Inputs, long[] Shape, bool[] IsToken)
{
    public static GoldenBatch Of(Npz arrays, IEnumerable<KeyValuePair<string, string>> keys)
    {
        Dictionary<string, string> named = new(keys);
        long[] shape = arrays.Shape(named["input_ids"]);
        Dictionary<string, long[]> inputs = named.Where(k => arrays.Shape(k.Value).SequenceEqual(shape)).ToDictionary(k => k.Key, k => arrays.Longs(k.Value));
        bool[] tokens = inputs.TryGetValue("segment_ids", out long[]? segments) ? [.. segments.Select(s => s >= 0)] : [.. inputs["attention_mask"].Select(m => m != 0)];
        // Exports that take positions were traced so: they count along the row whatever the padding.
        inputs.TryAdd("position_ids", [.. Enumerable.Range(0, tokens.Length).Select(i => i % shape[1])]);
        return new GoldenBatch(inputs, shape, tokens);
    }

    /// <summary>Vectors of the tokens alone, row by row.</summary>
    public float[] Tokens(float[] output)
    {
        int width = output.Length / IsToken.Length;
        return [.. IsToken.Index().Where(t => t.Item).SelectMany(t => output[(t.Index * width)..((t.Index + 1) * width)])];
    }
}
