namespace Retrieval.Onnx;

/// <summary>
/// The run that smoothing needs: a model whose only output is, for each channel of each activation that meets weights, the largest magnitude over all
/// tokens of the batch. Pads count too, so texts are run without them. Whoever has a runtime runs it and gives the element-wise maximum of the outputs back.
/// </summary>
public sealed class Int8Calibration
{
    /// <summary>Name of the output.</summary>
    public const string Output = "activation_maxima";

    private readonly (string Tensor, int Width)[] _layout;

    private Int8Calibration(OnnxModel model, (string, int)[] layout) => (Model, _layout) = (model, layout);

    /// <summary>What has to be run.</summary>
    public OnnxModel Model { get; }

    /// <summary>Numbers in the output.</summary>
    public int Width => _layout.Sum(l => l.Width);

    /// <summary>Exposes the activations of a model.</summary>
    /// <exception cref="PassRefusedException">The model does not take int8.</exception>
    public static Int8Calibration Of(OnnxModel model)
    {
        Int8 pass = new(new Int8Options());
        TransformerGraph graph = TransformerGraph.Analyze(new Graph(model));
        if (pass.Refusal(graph) is { } reason)
        {
            throw new PassRefusedException(model.Path, pass.Name, reason);
        }
        WeightProduct[] products = [.. WeightProduct.Find(graph)];
        Builder build = new(graph.Graph);
        string all = graph.Graph.Add("Concat", products.Select(p => Maxima(build, p)), [Attributes.Of("axis", 0L)]);
        graph.Graph.SetOutputs(GraphNames.Value(Output, DataType.Float, $"{products.Sum(p => p.Width)}"));
        graph.Graph.Alias(all, Output);
        return new Int8Calibration(graph.Graph.ToModel(), [.. products.Select(p => (p.Activation, p.Width))]);
    }

    /// <summary>The output, told apart.</summary>
    /// <param name="output">Element-wise maximum over all runs.</param>
    public ActivationRanges Read(ReadOnlySpan<float> output)
    {
        if (output.Length != Width)
        {
            throw new ArgumentException($"{output.Length} numbers were given for {Width} channels.", nameof(output));
        }
        Dictionary<string, float[]> channels = new(StringComparer.Ordinal);
        foreach ((string tensor, int width) in _layout)
        {
            channels[tensor] = output[..width].ToArray();
            output = output[width..];
        }
        return new ActivationRanges(channels);
    }

    private static string Maxima(Builder build, WeightProduct product) =>
        build.ReduceMax(build.Node("Abs", build.Node("Reshape", product.Activation, build.Longs(-1, product.Width))), 0, false);
}
