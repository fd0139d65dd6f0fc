using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx;

/// <summary>A model in memory, run by ONNX Runtime from a file of its own.</summary>
internal sealed class ModelRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InferenceSession _session;
    private readonly Lazy<TransformerLayer> _layer;

    public ModelRun(OnnxModel model, GraphOptimizationLevel level = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        _layer = new Lazy<TransformerLayer>(() => TransformerGraph.Analyze(model).Layers[0]);
        model.Write(_folder["model.onnx"]);
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, GraphOptimizationLevel = level };
        _session = new InferenceSession(_folder["model.onnx"], options);
    }

    public IReadOnlyList<string> Inputs => _session.InputNames;

    public IReadOnlyList<string> Outputs => _session.OutputNames;

    /// <summary>An output, row-major, for inputs of one shape; a cache is fed empty.</summary>
    public float[] Run(IReadOnlyDictionary<string, long[]> inputs, long[] shape, string? output = null) => Run(inputs, shape, [output ?? _session.OutputNames[0]])[0];

    /// <summary>Outputs of one run.</summary>
    public float[][] Run(IReadOnlyDictionary<string, long[]> inputs, long[] shape, IReadOnlyCollection<string> outputs) =>
        Run(name => inputs.TryGetValue(name, out long[]? values) ? OrtValue.CreateTensorValueFromMemory(values, shape) : Cache(name, shape[0]), outputs, all => all.Select(Floats).ToArray());

    /// <summary>The numbers and the shape of one float output.</summary>
    public (float[] Values, int[] Shape) Floats(Feed feed, string output) => Run(name => Value(feed, name), [output], all => (Floats(all[0]), Array.ConvertAll(all[0].GetTensorTypeAndShape().Shape, s => (int)s)));

    /// <summary>The numbers of one output of whole numbers.</summary>
    public long[] Longs(Feed feed, string output) => Run(name => Value(feed, name), [output], all => all[0].GetTensorDataAsSpan<long>().ToArray());

    /// <summary>Vectors as words.</summary>
    public (float[] Weights, long[] Ids) Explained(float[] vectors, int width) =>
        Run(_ => OrtValue.CreateTensorValueFromMemory(vectors, [vectors.Length / width, width]), [Explain.Weights, Explain.Ids], all => (Floats(all[0]), all[1].GetTensorDataAsSpan<long>().ToArray()));

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private T Run<T>(Func<string, OrtValue> input, IReadOnlyCollection<string> outputs, Func<IReadOnlyList<OrtValue>, T> read)
    {
        List<OrtValue> values = [.. _session.InputNames.Select(input)];
        try
        {
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(run, [.. _session.InputNames], values, outputs);
            return read([.. results]);
        }
        finally
        {
            values.ForEach(v => v.Dispose());
        }
    }

    private static float[] Floats(OrtValue value) => value.GetTensorDataAsSpan<float>().ToArray();

    private OrtValue Value(Feed feed, string name) => feed.Value(name) is var (values, shape) ? OrtValue.CreateTensorValueFromMemory(values, shape) : Cache(name, feed.Rows);

    private OrtValue Cache(string name, long rows) => _session.InputMetadata[name].Dimensions.Length == 4 ? OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [rows, _layer.Value.KeyHeads!.Value, 0, _layer.Value.HeadSize!.Value])
        : throw new InvalidOperationException($"The test has nothing for input '{name}'.");
}
