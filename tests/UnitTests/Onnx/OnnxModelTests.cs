using Google.Protobuf;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

public sealed class OnnxModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_golden_model_is_written_as_it_was_read()
    {
        foreach (string file in Directory.EnumerateFiles(Shared.Require("golden"), "*.onnx", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_folder.Path, "copy.onnx");
            OnnxModel.Read(file).Write(copy);
            Whole(OnnxModel.Read(copy)).ShouldBe(Whole(OnnxModel.Read(file)), file);
            if (OnnxModelInfo.Read(file).ExternalFiles.Count == 0)
            {
                // The generated parser reads the same numbers from both: nothing is lost on the way that it would have kept.
                Ordered(ModelProto.Parser.ParseFrom(File.ReadAllBytes(copy))).ShouldBe(Ordered(ModelProto.Parser.ParseFrom(File.ReadAllBytes(file))), file);
            }
        }
    }

    [Fact]
    public void Weights_go_to_a_file_of_their_own_and_back()
    {
        string file = Path.Combine(Shared.Require("golden", "bert"), "ts-sdpa-14.onnx"), outside = Path.Combine(_folder.Path, "outside.onnx"), inside = Path.Combine(_folder.Path, "inside.onnx");
        OnnxModel.Read(file).Write(outside, "outside.onnx_data");
        OnnxModel read = OnnxModel.Read(outside);
        read.WeightFiles.ShouldBe([Path.Combine(_folder.Path, "outside.onnx_data")]);
        read.Write(inside);
        Whole(OnnxModel.Read(inside)).ShouldBe(Whole(OnnxModel.Read(file)));
        Directory.GetFiles(_folder.Path).Length.ShouldBe(3, "nothing half-written stays");
    }

    [Fact]
    public void A_model_of_133_MB_is_read_and_written_in_a_few_MiB()
    {
        string file = Path.Combine(Shared.Require("models", "bge-small-en-v1.5"), "onnx", "model.onnx"), copy = Path.Combine(_folder.Path, "copy.onnx");
        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxModel.Read(file).Write(copy);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(32 << 20, $"The file has {new FileInfo(file).Length} bytes.");
        OnnxModelInfo.Read(copy).Parameters.ShouldBe(OnnxModelInfo.Read(file).Parameters);
    }

    [Fact]
    public void Fields_that_the_schema_does_not_name_survive()
    {
        using ModelFile file = new();
        ModelProto model = ModelFile.Model();
        // Field 6 of a node is its doc_string, field 14 of the model its metadata: neither is in the schema.
        byte[] node = [.. model.Graph.Node[0].ToByteArray(), 6 << 3 | 2, 3, (byte)'d', (byte)'o', (byte)'c'];
        model.Graph.Node[0] = NodeProto.Parser.ParseFrom(node);
        byte[] bytes = [.. model.ToByteArray(), 14 << 3 | 2, 4, 10, 2, (byte)'m', (byte)'k'];
        string copy = Path.Combine(_folder.Path, "copy.onnx");
        OnnxModel.Read(file.With(bytes).Path).Write(copy);
        byte[] written = File.ReadAllBytes(copy);
        written.AsSpan().IndexOf("doc"u8).ShouldBeGreaterThan(0);
        written.AsSpan().IndexOf("mk"u8).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Numbers_in_typed_fields_are_the_same_bytes()
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => i / 7f)];
        TensorProto typed = new() { Name = "w", DataType = DataType.Float, Dims = { 1000 } };
        typed.FloatData.AddRange(values);
        ModelProto model = ModelFile.Model();
        model.Graph.Initializer[0] = typed;
        using ModelFile file = new ModelFile().With(model);
        new Graph(OnnxModel.Read(file.Path)).Bytes("w").ShouldBe(TensorData.Raw(TensorData.Create("w", DataType.Float, values, 1000)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_damaged_model_is_read_or_refused_and_nothing_else(int seed)
    {
        Random random = new(seed);
        using ModelFile file = new();
        byte[] whole = ModelFile.Model().ToByteArray();
        for (int round = 0; round < 1000; round++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            file.With(damaged);
            Exception? exception = Record.Exception(() => OnnxModel.Read(file.Path));
            (exception is null or OnnxFormatException).ShouldBeTrue($"seed {seed}, round {round}: {exception}");
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Everything of a model, weights by their hash.</summary>
    private static string Whole(OnnxModel model) => string.Join('\n', model.Weights.Select(w => $"{w.Key} {w.Value.Length} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(w.Value.Read()))}").Order(StringComparer.Ordinal)
        .Append(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Ordered(model.Proto).ToByteArray()))));

    /// <summary>Initialisers are a set: their order in the file says nothing.</summary>
    private static ModelProto Ordered(ModelProto model)
    {
        ModelProto copy = model.Clone();
        TensorProto[] sorted = [.. copy.Graph.Initializer.OrderBy(t => t.Name, StringComparer.Ordinal)];
        copy.Graph.Initializer.Clear();
        copy.Graph.Initializer.AddRange(sorted);
        return copy;
    }
}
