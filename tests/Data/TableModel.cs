using Google.Protobuf;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.Tests.Data;

/// <summary>
/// A served folder with a graph made by hand: a token's state is its row of a table, and a text's vector their mean. Two words do harm in the real session:
/// "fail" is beyond the table, so that the run fails; "hang" starts a loop that does not end.
/// </summary>
internal static class TableModel
{
    public const string Failing = "fail", Hanging = "hang";

    private const int Width = 8, Unknown = 1, Specials = 4, HangId = Specials + 200, Rows = HangId + 1, Beyond = Rows;
    private const int Float = 1, Int64 = 7, Bool = 9, GraphAttribute = 5;

    private const string Tokenizer = """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},
        "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},"decoder":null,"model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{WORDS}}}
        """;

    /// <summary>Words that it knows.</summary>
    public static readonly string[] Words = [.. Enumerable.Range(0, 200).Select(i => $"w{i}")];

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">To make.</param>
    /// <param name="seed">Of the table: models of other seeds are other spaces.</param>
    /// <param name="unknownFails">Words that it does not know fail too, the one included that every model is expected to run.</param>
    /// <param name="type">Element type of its output: 1 float, 10 float16.</param>
    public static string Write(string folder, int seed = 1, bool unknownFails = false, int type = Float)
    {
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), Graph(seed, type).ToByteArray());
        IEnumerable<string> vocabulary = ["\"[PAD]\":0", unknownFails ? $"\"[NONE]\":{Unknown},\"[UNK]\":{Beyond + 1}" : $"\"[UNK]\":{Unknown}", "\"[CLS]\":2", "\"[SEP]\":3", .. Words.Select((w, i) => $"\"{w}\":{i + Specials}"), $"\"{Hanging}\":{HangId}", $"\"{Failing}\":{Beyond}"];
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer.Replace("WORDS", string.Join(',', vocabulary), StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"hidden_size":{{Width}},"max_position_embeddings":512}""");
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), """{"pooling_mode_mean_tokens":true}""");
        File.WriteAllText(Path.Combine(folder, "modules.json"), """[{"type":"sentence_transformers.models.Transformer","path":""},{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"},{"type":"sentence_transformers.models.Normalize","path":"2_Normalize"}]""");
        return folder;
    }

    /// <summary>A text of so many words.</summary>
    public static string Text(int words, Random random) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));

    private static ModelProto Graph(int seed, int type)
    {
        Random random = new(seed);
        GraphProto graph = new() { Name = "table" };
        graph.Input.Add(Value("input_ids", Int64, "rows", "tokens"));
        graph.Output.Add(Value("last_hidden_state", type, "rows", "tokens", Width));
        TensorProto table = new() { Name = "table", DataType = Float, Dims = { Rows, Width } };
        table.FloatData.AddRange(Enumerable.Range(0, Rows * Width).Select(_ => (float)random.NextDouble() - 0.5f));
        graph.Initializer.Add([table, Scalar("hang_id", HangId), Scalar("for_ever", long.MaxValue), Scalar("never", 0), new TensorProto { Name = "zero", DataType = Float, FloatData = { 0f } }]);
        graph.Node.Add([
            Node("Gather", ["table", "input_ids"], "states"), // which of the two fails or hangs, no optimiser can know
            Node("ReduceMax", ["input_ids"], "largest", Attributes.Of("keepdims", 0L)),
            Node("Equal", ["largest", "hang_id"], "hangs"),
            Node("Where", ["hangs", "for_ever", "never"], "trips"),
            Node("Loop", ["trips", "", "zero"], "looped", new AttributeProto { Name = "body", Type = GraphAttribute, G = Body() }),
            Node("Add", ["states", "looped"], "sum"),
            Node("Cast", ["sum"], "last_hidden_state", Attributes.Of("to", (long)type)),
        ]);
        return new ModelProto { IrVersion = 8, ProducerName = "tests", Graph = graph, OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 17 } } };
    }

    private static GraphProto Body()
    {
        GraphProto body = new() { Name = "body" };
        body.Input.Add([Value("i", Int64), Value("go_in", Bool), Value("x_in", Float)]);
        body.Output.Add([Value("go", Bool), Value("x", Float)]);
        body.Node.Add([Node("Identity", ["go_in"], "go"), Node("Sin", ["x_in"], "x")]);
        return body;
    }

    private static NodeProto Node(string type, string[] inputs, string output, params AttributeProto[] attributes)
    {
        NodeProto node = new() { OpType = type, Name = output };
        node.Input.Add(inputs);
        node.Output.Add(output);
        node.Attribute.Add(attributes);
        return node;
    }

    private static TensorProto Scalar(string name, long value) => new() { Name = name, DataType = Int64, Int64Data = { value } };

    private static ValueInfoProto Value(string name, int type, params object[] shape)
    {
        TensorShapeProto dims = new();
        dims.Dim.Add(shape.Select(s => s is int size ? new TensorShapeProto.Types.Dimension { DimValue = size } : new TensorShapeProto.Types.Dimension { DimParam = (string)s }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = dims } } };
    }
}
