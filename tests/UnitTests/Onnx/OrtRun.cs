using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx;

/// <summary>A model in memory, run by ONNX Runtime from a file of its own.</summary>
internal sealed class OrtRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InferenceSession _session;

    public OrtRun(OnnxModel model)
    {
        model.Write(_folder["model.onnx"]);
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(_folder["model.onnx"], options);
    }

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    /// <summary>Runs and gives the numbers and the shape of one float output.</summary>
    public (float[] Values, int[] Shape) Floats(Feed feed, string output)
    {
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = Run(feed, output);
        DenseTensor<float> tensor = results[0].AsTensor<float>().ToDenseTensor();
        return ([.. tensor], tensor.Dimensions.ToArray());
    }

    public long[] Longs(Feed feed, string output)
    {
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = Run(feed, output);
        return [.. results[0].AsTensor<long>()];
    }

    /// <summary>Vectors as words.</summary>
    public (float[] Weights, long[] Ids) Explained(float[] vectors, int width)
    {
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = _session.Run([NamedOnnxValue.CreateFromTensor(Explain.Vectors, new DenseTensor<float>(vectors, [vectors.Length / width, width]))], [Explain.Weights, Explain.Ids]);
        return ([.. results[0].AsTensor<float>()], [.. results[1].AsTensor<long>()]);
    }

    private IDisposableReadOnlyCollection<DisposableNamedOnnxValue> Run(Feed feed, string output) => _session.Run([.. Inputs.Keys.Select(i => feed.Value(i))], [output]);

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

/// <summary>A batch of token ids with its mask, and what some models want besides.</summary>
/// <param name="Rows">Texts.</param>
/// <param name="Ids">Row-major.</param>
/// <param name="Mask">1 at a text's own tokens.</param>
/// <param name="Types">Null where the model takes none.</param>
internal sealed record Feed(int Rows, long[] Ids, long[] Mask, long[]? Types)
{
    // Of the golden decoder whose export wants past keys: none of them, in its shape.
    private const int KeyHeads = 2, KeyWidth = 16;

    public int Columns => Ids.Length / Rows;

    /// <summary>Inputs of other shapes, by name.</summary>
    public Dictionary<string, (long[] Values, int[] Shape)> More { get; init; } = [];

    /// <summary>Tokens of each text.</summary>
    public int[] Lengths => [.. Enumerable.Range(0, Rows).Select(r => (int)Mask.AsSpan(r * Columns, Columns).ToArray().Sum())];

    /// <summary>One row alone, without its pads.</summary>
    public Feed Single(int row)
    {
        int[] own = [.. Enumerable.Range(row * Columns, Columns).Where(i => Mask[i] == 1)];
        return new Feed(1, [.. own.Select(i => Ids[i])], [.. own.Select(_ => 1L)], Types is null ? null : [.. own.Select(i => Types[i])]);
    }

    public NamedOnnxValue Value(string name) => name switch
    {
        "input_ids" => Of(name, Ids, Rows, Columns),
        "attention_mask" => Of(name, Mask, Rows, Columns),
        "token_type_ids" => Of(name, Types ?? new long[Ids.Length], Rows, Columns),
        "position_ids" => Of(name, Positions(), Rows, Columns),
        _ when More.TryGetValue(name, out (long[] Values, int[] Shape) more) => Of(name, more.Values, more.Shape),
        _ when name.StartsWith("past_key_values", StringComparison.Ordinal) => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(Array.Empty<float>(), [Rows, KeyHeads, 0, KeyWidth])),
        _ => throw new InvalidOperationException($"Nothing feeds input {name}."),
    };

    private static NamedOnnxValue Of(string name, long[] values, params int[] shape) => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(values, shape));

    /// <summary>The place of a token among its text's own; 1 at pads, as the library has it.</summary>
    private long[] Positions()
    {
        long[] positions = new long[Ids.Length];
        for (int row = 0; row < Rows; row++)
        {
            long next = 0;
            for (int i = row * Columns; i < (row + 1) * Columns; i++)
            {
                positions[i] = Mask[i] == 1 ? next++ : 1;
            }
        }
        return positions;
    }
}
