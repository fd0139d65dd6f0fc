using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>The nodes of a quantised product, run by ONNX Runtime, against the same arithmetic in plain C#.</summary>
public sealed class RowQuantizerTests : IDisposable
{
    private const int Rows = 3, Tokens = 5, Width = 40, Columns = 24;
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(11, 63, false)]
    [InlineData(12, 63, true)]
    [InlineData(14, 63, true)]
    [InlineData(17, 63, false)]
    [InlineData(18, 63, true)]
    [InlineData(21, 63, true)]
    public void A_quantised_product_is_what_plain_arithmetic_gives(int opset, int limit, bool isSmoothed)
    {
        Random random = new(opset);
        float[] x = Numbers(random, Rows * Tokens * Width), matrix = Numbers(random, Width * Columns);
        float[]? factors = isSmoothed ? [.. Numbers(random, Width).Select(f => MathF.Abs(f) + 0.1f)] : null;
        x.AsSpan(0, Width).Clear(); // a row of zeros
        float[] actual = Run(opset, x, matrix, limit, factors), expected = Plain(x, matrix, limit, factors);
        actual.ShouldBe(expected, $"opset {opset}, largest difference {actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max()}");
    }

    [Fact]
    public void Smoothing_takes_most_of_the_error_of_an_outlying_channel()
    {
        Random random = new(5);
        float[] x = Numbers(random, Rows * Tokens * Width), matrix = Numbers(random, Width * Columns);
        for (int row = 0; row < Rows * Tokens; row++)
        {
            x[row * Width] *= 100;
        }
        float[] maxima = [.. Enumerable.Range(0, Width).Select(c => Enumerable.Range(0, Rows * Tokens).Max(r => MathF.Abs(x[(r * Width) + c])))];
        float[] exact = Exact(x, matrix), plain = Run(17, x, matrix, 63, null), smooth = Run(17, x, matrix, 63, Smoothing.Factors(maxima, [matrix], 0.5));
        Error(smooth, exact).ShouldBeLessThan(Error(plain, exact) / 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Codes_are_within_half_a_step_and_reach_the_limit(int seed)
    {
        float[] matrix = Numbers(new Random(seed), Width * Columns);
        matrix[3] = float.Epsilon;
        (sbyte[] byColumn, float[] columnScales) = Int8Codes.Columns(matrix, Columns, 63);
        (sbyte[] byRow, float[] rowScales) = Int8Codes.Rows(matrix, Columns, 127);
        for (int i = 0; i < matrix.Length; i++)
        {
            Math.Abs(matrix[i] - (byColumn[i] * columnScales[i % Columns])).ShouldBeLessThanOrEqualTo(columnScales[i % Columns] * 0.50001f, $"seed {seed}");
            Math.Abs(matrix[i] - (byRow[i] * rowScales[i / Columns])).ShouldBeLessThanOrEqualTo(rowScales[i / Columns] * 0.50001f, $"seed {seed}");
        }
        Enumerable.Range(0, Columns).ShouldAllBe(c => Enumerable.Range(0, Width).Max(r => Math.Abs((int)byColumn[(r * Columns) + c])) == 63);
        Enumerable.Range(0, Width).ShouldAllBe(r => Enumerable.Range(0, Columns).Max(c => Math.Abs((int)byRow[(r * Columns) + c])) == 127);
    }

    [Fact]
    public void A_column_of_zeros_stays_zero()
    {
        (sbyte[] codes, float[] scales) = Int8Codes.Columns([0, 2, 0, -2], 2, 63);
        codes.ShouldBe([(sbyte)0, (sbyte)63, (sbyte)0, (sbyte)-63]);
        scales.ShouldBe([1, 2f / 63]);
    }

    public void Dispose() => _folder.Dispose();

    private float[] Run(int opset, float[] x, float[] matrix, int limit, float[]? factors)
    {
        Graph graph = new(Product(opset, matrix));
        NodeProto node = graph.Nodes[0];
        float[] weights = factors is null ? matrix : Smoothing.Scaled(matrix, factors);
        RowQuantizer rows = new(graph);
        graph.ReplaceUses(node.Output[0], rows.Multiply(rows.Quantize(new WeightProduct("x", Width, [node], IsHidden: opset % 2 == 0), factors), Int8Codes.Columns(weights, Columns, limit), "w"));
        graph.ToModel().Write(_folder["int8.onnx"]);
        using InferenceSession session = new(_folder["int8.onnx"]);
        using RunOptions options = new();
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [Rows, Tokens, Width]);
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["x"], [input], ["y"]);
        results[0].GetTensorTypeAndShape().Shape.ShouldBe([Rows, Tokens, Columns]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private OnnxModel Product(int opset, float[] matrix)
    {
        ModelProto model = new()
        {
            IrVersion = 7,
            Graph = new GraphProto
            {
                Name = "product",
                Node = { new NodeProto { OpType = "MatMul", Name = "product", Input = { "x", "w" }, Output = { "y" } } },
                Input = { GraphNames.Value("x", DataType.Float, "rows", "tokens", $"{Width}") },
                Output = { GraphNames.Value("y", DataType.Float, "rows", "tokens", $"{Columns}") },
                Initializer = { TensorData.Create("w", DataType.Float, matrix, Width, Columns) },
            },
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
        };
        using ModelFile file = new ModelFile().With(model);
        File.Copy(file.Path, _folder["fp32.onnx"], true);
        return OnnxModel.Read(_folder["fp32.onnx"]);
    }

    private static float[] Plain(float[] x, float[] matrix, int limit, float[]? factors)
    {
        (sbyte[] codes, float[] scales) = Int8Codes.Columns(factors is null ? matrix : Smoothing.Scaled(matrix, factors), Columns, limit);
        float[] y = new float[x.Length / Width * Columns];
        for (int row = 0; row < x.Length / Width; row++)
        {
            float[] values = [.. Enumerable.Range(0, Width).Select(c => factors is null ? x[(row * Width) + c] : x[(row * Width) + c] * (1 / factors[c]))];
            float scale = Math.Max(values.Max(MathF.Abs), 1e-30f) * (1 / 127f);
            int[] own = [.. values.Select(v => (int)Math.Clamp(MathF.Round(v / scale), -128, 127))];
            for (int column = 0; column < Columns; column++)
            {
                int sum = Enumerable.Range(0, Width).Sum(c => own[c] * codes[(c * Columns) + column]);
                y[(row * Columns) + column] = sum * scales[column] * scale;
            }
        }
        return y;
    }

    private static float[] Exact(float[] x, float[] matrix) =>
        [.. Enumerable.Range(0, Rows * Tokens).SelectMany(r => Enumerable.Range(0, Columns).Select(c => (float)Enumerable.Range(0, Width).Sum(k => (double)x[(r * Width) + k] * matrix[(k * Columns) + c])))];

    private static double Error(float[] actual, float[] exact) => actual.Zip(exact, (a, b) => Math.Pow(a - b, 2)).Sum();

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
}
