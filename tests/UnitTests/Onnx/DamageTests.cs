using Google.Protobuf;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Damaged exports of every form: refused by the named exceptions or read, and nothing else; no crash, no endless loop.</summary>
public sealed class DamageTests : IDisposable
{
    private const int Cuts = 60, Flips = 40, Deep = 8;
    private static readonly GraphPass[] Passes = [new TempScale(0.8), new Packing(), new Exit(2), new Int8(new Int8Options())];
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Forms => Goldens.Forms();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_model_cut_anywhere_is_refused_by_file(string model, string form)
    {
        byte[] whole = File.ReadAllBytes(Goldens.PathOf(model, form));
        CopyWeights(model, form);
        Random random = new(9);
        for (int round = 0; round < Cuts; round++)
        {
            int length = random.Next(whole.Length);
            File.WriteAllBytes(_folder["model.onnx"], whole[..length]);
            Should.Throw<OnnxFormatException>(() => OnnxModel.Read(_folder["model.onnx"]), $"seed 9, {length} of {whole.Length} bytes").Message.ShouldStartWith(_folder["model.onnx"]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_model_with_a_changed_byte_is_read_or_refused_and_so_is_each_pass_over_it(string model, string form)
    {
        // Weights go to a file of their own: a byte of a weight is a number like any other.
        OnnxModel.Read(Goldens.PathOf(model, form)).Write(_folder["whole.onnx"], "whole.onnx_data");
        byte[] skeleton = File.ReadAllBytes(_folder["whole.onnx"]);
        Random random = new(10);
        for (int round = 0; round < Flips; round++)
        {
            byte[] damaged = [.. skeleton];
            int at = random.Next(damaged.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_folder["model.onnx"], damaged);
            string where = $"seed 10, round {round}, byte {at} of {damaged.Length}";
            OnnxModel? read = null;
            RequireNamed(Record.Exception(() => read = OnnxModel.Read(_folder["model.onnx"])), where);
            if (read is not null && round < Deep)
            {
                RequireNamed(Record.Exception(() => Passes[round % Passes.Length].Apply(read)), $"{where}, {Passes[round % Passes.Length].Name}");
            }
        }
    }

    [Theory]
    [InlineData("bert", "ts-sdpa-14")]
    [InlineData("llama", "dynamo-sdpa-18")]
    public void A_graph_that_runs_in_a_circle_is_refused(string model, string form)
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(model, form));
        Random random = new(11);
        for (int round = 0; round < 12; round++)
        {
            // A node that takes what only comes of itself.
            ModelProto proto = source.Proto.Clone();
            int late = random.Next(1, proto.Graph.Node.Count), early = random.Next(late);
            NodeProto node = proto.Graph.Node[early];
            if (node.Input.Count == 0)
            {
                continue;
            }
            node.Input[random.Next(node.Input.Count)] = proto.Graph.Node[late].Output[0];
            OnnxModel circle = new(source.Path, proto, source.Weights);
            foreach (GraphPass pass in Passes)
            {
                RequireNamed(Record.Exception(() => pass.Apply(circle)), $"seed 11, round {round}, {pass.Name}, '{node.Name}' takes '{proto.Graph.Node[late].Output[0]}'");
            }
        }
    }

    private static void RequireNamed(Exception? exception, string where) => (exception is null or OnnxFormatException or PassRefusedException).ShouldBeTrue($"{where}: {exception}");

    private void CopyWeights(string model, string form)
    {
        foreach (string file in OnnxModelInfo.Read(Goldens.PathOf(model, form)).ExternalFiles)
        {
            File.Copy(file, _folder[Path.GetFileName(file)]);
        }
    }
}
