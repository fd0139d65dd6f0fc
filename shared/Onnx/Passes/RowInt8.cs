using System.Globalization;
using Retrieval.Onnx.Wire;

namespace Retrieval.Onnx;

/// <summary>
/// Products with weights in 8 bits such that a text's vector does not depend on its batch: every token is quantised by its own largest magnitude,
/// every column of weights by its own. (The usual dynamic quantisation takes one range over the batch, padding included.) Smoothing moves what is hard
/// to quantise from activations into weights (SmoothQuant, arXiv 2211.10438): channel k is divided by s_k = max|X_k|^a / max|W_k|^(1-a), its row of
/// weights multiplied. The word embeddings are kept in 8 bits with a scale a row.
/// </summary>
/// <param name="maxima">Largest magnitude of every channel of every activation, from <see cref="ActivationMaxima"/>; null leaves smoothing out.</param>
/// <param name="weightBits">7 where the processor's product of unsigned and signed bytes saturates (AVX2 without VNNI), else 8.</param>
/// <param name="smoothing">The exponent a.</param>
public sealed class RowInt8(IReadOnlyList<float[]>? maxima, int weightBits = RowInt8.SaturatingBits, double smoothing = 0.5) : GraphPass
{
    /// <summary>Bits of weights whose products with bytes never saturate 16 bits when two are added.</summary>
    public const int SaturatingBits = 7;

    private const float Least = 1e-12f, Steps = 127;
    private const int ZeroPoint = 128;
    private const long Ternary = 11;

    /// <inheritdoc/>
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"row-int8({weightBits} bits{(maxima is null ? "" : $"; smoothing {smoothing}; {Fingerprint(maxima)}")})");

    /// <inheritdoc/>
    public override string? Refusal(TransformerGraph graph) => weightBits is not (7 or 8) ? $"weights of {weightBits} bits are not made; take 7 or 8"
        : graph.Graph.Opset < Ternary ? $"operator set {graph.Graph.Opset} is too old; export with 11 or later"
        : Products(graph) ?? (maxima is not null && !maxima.Select(m => m.Length).SequenceEqual(ProjectionGroup.Find(graph).Select(g => g.Width)) ? "the maxima are of another model: calibrate this one" : null);

    internal static string? Products(TransformerGraph graph) => ProjectionGroup.Find(graph).Count < graph.Layers.Count
        ? "it multiplies no weights in single precision: it is quantised or in half precision already" : !graph.Graph.IsInput(ModelInputs.Ids) ? $"it has no input '{ModelInputs.Ids}'" : null;

    private protected override bool Edit(TransformerGraph graph)
    {
        Graph edited = graph.Graph;
        Builder build = new(edited);
        string batch = build.Node("Shape", ModelInputs.Ids);
        Dictionary<long, string> shapes = [];
        string ShapeOf(long width) => shapes.TryGetValue(width, out string? known) ? known : shapes[width] = edited.Add("Concat", [batch, build.Longs(width)], [Attributes.Of("axis", 0)]);
        Constants constants = new(build.Constant(DataType.Float, 1), build.Constant(DataType.Float, Least), build.Constant(DataType.Float, 1 / Steps), edited.AddConstant("zero_point", DataType.UInt8, [(byte)ZeroPoint]), edited.AddConstant("zero_points", DataType.UInt8, [(byte)ZeroPoint], 1));
        foreach ((int number, ProjectionGroup group) in ProjectionGroup.Find(graph).Index())
        {
            float[]? factors = maxima is null ? null : Factors(edited, group, maxima[number], smoothing);
            (string quantised, string scale) = Quantise(edited, build, constants, group, factors);
            foreach (NodeProto node in group.Nodes)
            {
                string product = Multiply(edited, build, constants, quantised, node, factors, out long width);
                node.OpType = "Reshape";
                node.Attribute.Clear();
                node.Input.Clear();
                node.Input.AddRange([build.Node("Mul", product, scale), ShapeOf(width)]);
                edited.Changed();
            }
        }
        QuantiseWords(graph, build);
        return true;
    }

    private static (string Quantised, string Scale) Quantise(Graph graph, Builder build, Constants constants, ProjectionGroup group, float[]? factors)
    {
        string input = factors is null ? group.Input : build.Node("Mul", group.Input, graph.AddConstant("smooth", DataType.Float, [.. factors.Select(f => 1 / f)], factors.Length));
        string rows = build.Node("Reshape", input, build.Longs(-1, group.Width));
        string largest = build.Node("Max", build.ReduceMax(build.Node("Abs", rows), 1, true), constants.Least);
        string scale = build.Node("Mul", largest, constants.Step), flat = build.Node("Reshape", scale, build.Longs(-1));
        string zeros = build.Node("Expand", constants.ZeroPoints, build.Node("Shape", flat));
        // The contributed operator has an axis in every operator set; the standard one from 13 on.
        return (graph.Add("QuantizeLinear", [rows, flat, zeros], [Attributes.Of("axis", 0)], "com.microsoft"), scale);
    }

    private string Multiply(Graph graph, Builder build, Constants constants, string quantised, NodeProto node, float[]? factors, out long width)
    {
        TensorProto shape = graph.Initializers[node.Input[1]];
        (long rows, width) = (shape.Dims[0], shape.Dims[1]);
        (sbyte[] values, float[] scales) = Columns(ProjectionGroup.Weights(graph, node.Input[1]), (int)width, factors);
        string weights = graph.AddConstant(node.Input[1] + "_int8", DataType.Int8, values, rows, width), scale = graph.AddConstant(node.Input[1] + "_scale", DataType.Float, scales, width);
        string zeros = graph.AddConstant(node.Input[1] + "_zero", DataType.Int8, new sbyte[width], width);
        return graph.Add("MatMulIntegerToFloat", [quantised, weights, constants.One, scale, constants.ZeroPoint, zeros], domain: "com.microsoft");
    }

    private (sbyte[] Values, float[] Scales) Columns(float[] weights, int width, float[]? factors)
    {
        int most = (1 << (weightBits - 1)) - 1;
        float[] scales = new float[width];
        for (int row = 0, i = 0; i < weights.Length; row++)
        {
            float factor = factors is null ? 1 : factors[row];
            for (int column = 0; column < width; column++, i++)
            {
                weights[i] *= factor;
                scales[column] = Math.Max(scales[column], Math.Abs(weights[i]));
            }
        }
        for (int column = 0; column < width; column++)
        {
            scales[column] = Math.Max(scales[column], Least) / most;
        }
        sbyte[] values = new sbyte[weights.Length];
        for (int i = 0; i < values.Length;)
        {
            for (int column = 0; column < width; column++, i++)
            {
                values[i] = (sbyte)MathF.Round(weights[i] / scales[column]);
            }
        }
        return (values, scales);
    }

    private static float[] Factors(Graph graph, ProjectionGroup group, float[] activation, double exponent)
    {
        float[] largest = new float[group.Width];
        foreach (NodeProto node in group.Nodes)
        {
            float[] weights = ProjectionGroup.Weights(graph, node.Input[1]);
            int width = weights.Length / group.Width;
            for (int row = 0; row < largest.Length; row++)
            {
                foreach (float weight in weights.AsSpan(row * width, width))
                {
                    largest[row] = Math.Max(largest[row], Math.Abs(weight));
                }
            }
        }
        return [.. activation.Zip(largest, (x, w) => x <= Least || w <= Least ? 1f : (float)Math.Clamp(Math.Pow(x, exponent) / Math.Pow(w, 1 - exponent), 1e-3, 1e3))];
    }

    /// <summary>Tables that are read by the token ids: a row's numbers over its largest magnitude, 8 bits each.</summary>
    private static void QuantiseWords(TransformerGraph graph, Builder build)
    {
        Graph edited = graph.Graph;
        foreach (NodeProto node in edited.Nodes.Where(n => n.OpType == "Gather" && n.Int("axis", 0) == 0 && graph.Flow.Root(n.Input[1]) == ModelInputs.Ids
            && edited.Initializers.TryGetValue(n.Input[0], out TensorProto? table) && table is { DataType: DataType.Float, Dims.Count: 2 }).ToArray())
        {
            float[] table = ProjectionGroup.Weights(edited, node.Input[0]);
            long rows = edited.Initializers[node.Input[0]].Dims[0], width = edited.Initializers[node.Input[0]].Dims[1];
            sbyte[] values = new sbyte[table.Length];
            float[] scales = new float[rows];
            for (int row = 0; row < rows; row++)
            {
                Span<float> own = table.AsSpan((int)(row * width), (int)width);
                float most = Least;
                foreach (float value in own)
                {
                    most = Math.Max(most, Math.Abs(value));
                }
                scales[row] = most / Steps;
                for (int i = 0; i < own.Length; i++)
                {
                    values[(row * width) + i] = (sbyte)MathF.Round(own[i] / scales[row]);
                }
            }
            string small = edited.Add("Gather", [edited.AddConstant(node.Input[0] + "_int8", DataType.Int8, values, rows, width), node.Input[1]], [Attributes.Of("axis", 0)]);
            string scale = edited.Add("Gather", [edited.AddConstant(node.Input[0] + "_scale", DataType.Float, scales, rows, 1), node.Input[1]], [Attributes.Of("axis", 0)]);
            node.OpType = "Mul";
            node.Attribute.Clear();
            node.Input.Clear();
            node.Input.AddRange([build.Cast(small, DataType.Float), scale]);
            edited.Changed();
        }
    }

    private static string Fingerprint(IReadOnlyList<float[]> maxima) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(maxima.SelectMany(m => m).SelectMany(BitConverter.GetBytes).ToArray()))[..16];

    private sealed record Constants(string One, string Least, string Step, string ZeroPoint, string ZeroPoints);
}
