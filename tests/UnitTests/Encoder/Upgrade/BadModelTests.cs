using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder.Upgrade;

/// <summary>Models and upgrades that cannot be served: the message names the file and the way out, nothing half-written stays, and the mended model is served.</summary>
public sealed class BadModelTests : IDisposable
{
    private const string Temperature = """{"pass":"tempScale","temperature":0.9}""";
    private readonly TemporaryFolder _folder = new();

    private static readonly Dictionary<string, (string Pass, Action<string> Spoil, string[] Says)> Bad = new()
    {
        ["truncated"] = (Temperature, m => Cut(Graph(m)), ["model.onnx", "is truncated or not an ONNX model", "Fetch or export it again"]),
        ["empty"] = (Temperature, m => File.WriteAllBytes(Graph(m), []), ["model.onnx", "Fetch or export it again"]),
        ["weights missing"] = (Temperature, m => File.Delete(Weights(m)), ["model.onnx", "external.onnx_data", "which is missing. Put that file beside the model"]),
        ["weights cut"] = (Temperature, m => Cut(Weights(m)), ["external.onnx_data", "but that file ends at", "Fetch or export it again"]),
        ["operator set"] = (Temperature, m => Change(m, p => p.OpsetImport[0].Version = 9), ["model.onnx", "uses operator set 9; 11 to 25 are understood", "Export it again"]),
        ["no attention"] = (Temperature, m => Change(m, p => p.Graph.Node.Where(n => n.OpType == "Softmax").ToList().ForEach(n => n.OpType = "Identity")), ["model.onnx", "has no attention that is understood", "Give a transformer encoder's export"]),
        ["a layer lost"] = ("""{"pass":"exit","layer":2}""", m => Change(m, p => p.Graph.Node.First(n => n.OpType == "Softmax").OpType = "Identity"), ["model.onnx", "layer 0: before it stands node", "as if an attention in front of it was not understood"]),
        ["tensor of another size"] = (Temperature, m => Change(m, p => p.Graph.Initializer.First(t => t.Dims.Count == 2 && t.Dims[0] == 320).Dims[0] = 321), ["model.onnx", "of shape 321 x 64 with 81920 bytes in place of 82176. Fetch or export it again"]),
        ["a circle"] = (Temperature, m => Change(m, p => p.Graph.Node[2].Input[0] = p.Graph.Node[^1].Output[0]), ["model.onnx", "which nothing before it computes. Fetch or export it again"]),
        ["what the runtime refuses"] = (Temperature, m => Change(m, p => p.Graph.Node.First(n => n.OpType == "Gather").Attribute.Add(Attributes.Of("unheard", 1L))), ["model.onnx", "cannot be served with these passes", "is refused by ONNX Runtime"]),
        ["exit too late"] = ("""{"pass":"exit","layer":5}""", _ => { }, ["model.onnx", "exit 5 does not exist; the model has layers 1 to 4"]),
        ["head that does not fit"] = ("""{"pass":"latentAttention","weights":"head.safetensors","prefix":"nv.","heads":4}""", m => Head(m, 32), ["model.onnx", "is for 32 numbers a token, and its output 'last_hidden_state' has 64"]),
        ["head without a tensor"] = ("""{"pass":"latentAttention","weights":"head.safetensors","prefix":"nx.","heads":4}""", m => Head(m, 64), ["head.safetensors", "no tensor 'nx.latents'"]),
        ["int8 over half precision"] = ("""{"pass":"int8"}""", m => File.Copy(Path.Combine(Shared.Require("golden", "bert"), "fp16.onnx"), Graph(m), true), ["model.onnx", "float16", "take the fp32 export"]),
    };

    public static TheoryData<string> Names => [.. Bad.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_is_wrong_is_said_with_the_way_out_and_leaves_nothing(string name)
    {
        (string pass, Action<string> spoil, string[] says) = Bad[name];
        string model = Write(pass);
        spoil(model);
        RetrievalException refusal = Should.Throw<RetrievalException>(() => Load(model));
        refusal.Problem.Kind.ShouldBe(ErrorKind.Invalid);
        foreach (string part in says)
        {
            refusal.Message.ShouldContain(part);
        }
        (Directory.Exists(_folder["compiled"]) ? Directory.GetFiles(_folder["compiled"]) : []).ShouldBeEmpty();
        Directory.Delete(model, true);
        using LocalEncoder mended = Load(Write(Temperature));
        (await mended.EmbedAsync(new EmbedRequest(["ab cd"]), CancellationToken.None)).Vectors[0].Length.ShouldBe(64);
    }

    [Fact]
    public void More_dimensions_than_the_model_has_are_refused()
    {
        string model = Write(Temperature);
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"dimensions":65}""");
        Should.Throw<RetrievalException>(() => Load(model)).Message.ShouldContain("asks for 65 dimensions of vectors that have 64. Ask for 1 to 64");
    }

    [Fact]
    public async Task Two_models_of_one_name_are_refused_whatever_their_bytes()
    {
        string one = Write(Temperature), other = Path.Combine(_folder["elsewhere"], Path.GetFileName(one));
        TinyModel.Write(other, "ts-eager-14.onnx");
        RetrievalException refusal = Should.Throw<RetrievalException>(() => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], one, other), NullLogger.Instance));
        refusal.Message.ShouldContain("Two models are called 'model'");
        refusal.Problem.Help.ShouldBe("Give one of them another Name.");
        // Under names of their own both are served, and their spaces differ.
        EncoderOptions both = new() { Models = [new ModelOptions { Path = one }, new ModelOptions { Path = other, Name = "other" }], Provider = "cpu", Threads = 1, CompiledFolder = _folder["compiled"] };
        using LocalEncoder encoder = LocalEncoder.Load(both, NullLogger.Instance);
        (await encoder.DescribeAsync("model", CancellationToken.None)).Space.Id.ShouldNotBe((await encoder.DescribeAsync("other", CancellationToken.None)).Space.Id);
    }

    private LocalEncoder Load(string model) => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);

    /// <summary>The golden BERT with its weights beside it.</summary>
    private string Write(string pass)
    {
        string model = TinyModel.Write(_folder["model"], "external.onnx");
        File.Copy(Path.Combine(Shared.Require("golden", "bert"), "external.onnx_data"), Weights(model));
        File.WriteAllText(Path.Combine(model, "retrieval.json"), $$"""{"version":1,"passes":[{{pass}}]}""");
        if (pass.Contains("latentAttention", StringComparison.Ordinal))
        {
            Head(model, 64);
        }
        return model;
    }

    private static string Graph(string model) => Path.Combine(model, "onnx", "model.onnx");

    private static string Weights(string model) => Path.Combine(model, "onnx", "external.onnx_data");

    private static void Cut(string file) => File.WriteAllBytes(file, File.ReadAllBytes(file)[..^(int)(new FileInfo(file).Length / 3)]);

    private static void Change(string model, Action<ModelProto> change)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Graph(model)));
        change(proto);
        File.WriteAllBytes(Graph(model), proto.ToByteArray());
    }

    /// <summary>An NV-Embed head of zeros for states of a width.</summary>
    private static void Head(string model, int width)
    {
        WeightTensor Zeros(string name, params int[] shape) => new("nv." + name, shape, new float[shape.Aggregate(1, (a, b) => a * b)]);
        Npz golden = Npz.Read(Shared.Require("golden", "heads", "heads.npz"));
        Safetensors.Write(Path.Combine(model, "head.safetensors"), [.. golden.Keys.Where(k => k.StartsWith("nv.", StringComparison.Ordinal)).Select(k => Zeros(k["nv.".Length..], [.. golden.Shape(k).Select(s => s == 64 ? width : (int)s)]))]);
    }
}
