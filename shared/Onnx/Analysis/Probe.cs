using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// A trial run of everything in a graph but the network's arithmetic: two rows of token ids, the second right-padded, through shapes, masks, positions
/// and constants. What a mask lets through or where positions come from is then seen in numbers instead of guessed from the way an exporter writes it.
/// </summary>
internal sealed class Probe
{
    /// <summary>Rows of the trial batch.</summary>
    public const int Rows = 2;
    /// <summary>Padded tokens at the end of the second row.</summary>
    public const int Padding = 3;
    private const int LeastTokens = 24, MostTokens = 600, LargestInteger = 1 << 20, LargestFloat = 1 << 14;

    private readonly Dictionary<string, ProbeValue> _values = new(StringComparer.Ordinal);

    private Probe(int tokens) => Tokens = tokens;

    /// <summary>Tokens of a row.</summary>
    public int Tokens { get; }

    public ProbeValue this[string tensor] => _values.TryGetValue(tensor, out ProbeValue? value) ? value : ProbeValue.Unknown;

    public static Probe Run(Graph graph)
    {
        Probe probe = new(TokensFor(graph));
        foreach (TensorProto tensor in graph.Initializers.Values)
        {
            probe._values[tensor.Name] = ProbeOperators.Of(tensor, IsSmall(tensor) ? graph.Bytes(tensor.Name) : null);
        }
        foreach (ValueInfoProto input in graph.Inputs)
        {
            probe._values[input.Name] = probe.Input(input);
        }
        foreach (NodeProto node in graph.Nodes)
        {
            ProbeValue[] inputs = [.. node.Input.Select(i => probe[i])];
            foreach ((string output, ProbeValue value) in node.Output.Zip(Computed(node, inputs)))
            {
                probe._values[output] = value;
            }
        }
        return probe;
    }

    private static ProbeValue[] Computed(NodeProto node, ProbeValue[] inputs)
    {
        try
        {
            return ProbeOperators.Apply(node, inputs);
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or OverflowException or InvalidOperationException)
        {
            // A node that does not fit its inputs: its value stays unknown, and ONNX Runtime will say what is wrong with it.
            return [];
        }
    }

    /// <summary>More tokens than a local window is wide, as far as comparisons with a constant show one.</summary>
    private static int TokensFor(Graph graph)
    {
        IEnumerable<double> compared = graph.Nodes.Where(n => n.OpType is "LessOrEqual" or "Less" or "Greater" or "GreaterOrEqual").SelectMany(n => n.Input)
            .Select(i => ScalarOf(graph, i)).OfType<double>().Where(v => v < MostTokens);
        return (int)Math.Max(LeastTokens, compared.DefaultIfEmpty(0).Max() + 3);
    }

    private static double? ScalarOf(Graph graph, string tensor) =>
        graph.Initializers.TryGetValue(tensor, out TensorProto? initializer) ? IsSmall(initializer) ? ProbeOperators.Of(initializer, graph.Bytes(tensor)).Scalar : null
        : graph.Producer(tensor) is { OpType: "Constant" } constant ? Computed(constant, []) is [var value, ..] ? value.Scalar : null : null;

    private static bool IsSmall(TensorProto tensor) => tensor.Dims.Aggregate(1.0, (a, b) => a * b) * DataType.Size(tensor.DataType) <= (DataType.IsFloating(tensor.DataType) ? LargestFloat : LargestInteger);

    private ProbeValue Input(ValueInfoProto input)
    {
        int type = input.Type?.TensorType?.ElemType ?? 0;
        Google.Protobuf.Collections.RepeatedField<TensorShapeProto.Types.Dimension>? shape = input.Type?.TensorType?.Shape?.Dim;
        if (shape is not { Count: 2 })
        {
            // A cache of keys or values: rows, heads, nothing yet, width.
            return new(type, shape is { Count: 4 } ? [Rows, (int)shape[1].DimValue, 0, (int)shape[3].DimValue] : null, null);
        }
        double[] data = new double[Rows * Tokens];
        for (int i = 0; i < data.Length; i++)
        {
            int row = i / Tokens, token = i % Tokens;
            bool isPad = row == 1 && token >= Tokens - Padding;
            data[i] = input.Name switch
            {
                ModelInputs.Ids => isPad ? 0 : 10 + token,
                ModelInputs.Mask => isPad ? 0 : 1,
                ModelInputs.Positions => token,
                ModelInputs.Segments => isPad ? -1 : 0,
                _ => 0,
            };
        }
        return new(type, [Rows, Tokens], data);
    }
}
