using Google.Protobuf;
using Retrieval.Onnx.Wire;

namespace Retrieval.UnitTests.Onnx;

/// <summary>A small model file in a folder of its own, with one tensor in another file.</summary>
internal sealed class ModelFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retrieval-onnx-").FullName;

    public ModelFile() => File.WriteAllBytes(Weights, [.. Enumerable.Range(0, 64).Select(i => (byte)i)]);

    public string Path => System.IO.Path.Combine(_folder, "model.onnx");

    public string Weights => System.IO.Path.Combine(_folder, "model.onnx_data");

    public static ModelProto Model(string location = "model.onnx_data", string length = "64") => new()
    {
        IrVersion = 8,
        ProducerName = "test",
        Graph = new GraphProto
        {
            Node = { new NodeProto { OpType = "MatMul", Input = { "x", "w" }, Output = { "y" } } },
            Input = { Value("x"), Value("w") },
            Output = { Value("y") },
            Initializer =
            {
                new TensorProto
                {
                    Name = "w", DataType = 1, Dims = { 4, 4 }, DataLocation = 1,
                    ExternalData = { Entry("location", location), Entry("offset", "0"), Entry("length", length) },
                },
            },
        },
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
    };

    public ModelFile With(ModelProto model) => With(model.ToByteArray());

    public ModelFile With(byte[] bytes)
    {
        File.WriteAllBytes(Path, bytes);
        return this;
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static ValueInfoProto Value(string name) => new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "n" }, new TensorShapeProto.Types.Dimension { DimValue = 4 } } } } } };
}
