namespace Retrieval.Onnx;

/// <summary>
/// Turns a model into the one that calibrates <see cref="RowInt8"/>: in place of its outputs it gives, for each activation that is multiplied with
/// weights, the largest magnitude of every channel. Run it on typical texts without padding and keep the largest of each.
/// </summary>
public sealed class ActivationMaxima : GraphPass
{
    /// <inheritdoc/>
    public override string Name => "activation-maxima";

    /// <summary>Name of the output for an activation, by its number.</summary>
    public static string OutputName(int activation) => $"activation_maxima.{activation}";

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => RowInt8.Products(graph);

    private protected override bool Edit(TransformerGraph graph)
    {
        Builder build = new(graph.Graph);
        List<Wire.ValueInfoProto> outputs = [];
        foreach ((int number, ProjectionGroup group) in ProjectionGroup.Find(graph).Index())
        {
            string flat = build.Node("Reshape", build.Node("Abs", group.Input), build.Longs(-1, group.Width));
            graph.Graph.Alias(build.ReduceMax(flat, 0, false), OutputName(number));
            outputs.Add(GraphNames.Value(OutputName(number), DataType.Float, $"{group.Width}"));
        }
        graph.Graph.SetOutputs(outputs);
        return true;
    }
}
