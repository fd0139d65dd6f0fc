using Google.Protobuf;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;

namespace Retrieval.UnitTests.Encoder;

/// <summary>Every export form as it is served: pads on the right, states of 16 bits too.</summary>
public sealed class ServedFormTests : IDisposable
{
    private const int Width = 64, Float16 = 10, BFloat16 = 16;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Forms => Goldens.Forms();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_batch_of_mixed_lengths_gives_the_reference_and_what_its_texts_give_alone(string model, string form)
    {
        // Also where an operator takes lengths for a mask (RightPaddingOnly): left pads would be silently wrong there, and none are fed.
        GoldenCase golden = Goldens.Instance.Cases(model, "base").Single(c => c.Id.EndsWith("right5", StringComparison.Ordinal));
        GoldenForm about = Goldens.Instance.Form(model, form);
        Feed feed = golden.Feeds().First().Feed;
        float[] states = golden.Floats(golden.Key("last_hidden_state")!);
        using EncoderModel served = Open(Goldens.PathOf(model, form));
        float[][] together = Run(served, Enumerable.Range(0, feed.Rows).Select(feed.Single));
        // One range for the activations of a whole batch: those vectors differ by design.
        bool isDynamic = form.StartsWith("int8", StringComparison.Ordinal);
        for (int row = 0, from = 0; row < feed.Rows; from += feed.Lengths[row++])
        {
            float[] expected = Mean(states[(from * Width)..((from + feed.Lengths[row]) * Width)]);
            (Near.Largest(together[row], expected) <= golden.Allowed(about) || (about.IsLossy && Cosine(together[row], expected) >= about.LeastCosine)).ShouldBeTrue($"{form}, text {row}");
            Near.Largest(Run(served, [feed.Single(row)])[0], together[row]).ShouldBeLessThan(isDynamic ? 1 : 1e-4, $"{form}, text {row}");
        }
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("llama")]
    public void States_in_half_precision_give_the_vectors_of_the_states_in_single(string model)
    {
        // The golden fp16 forms widen their output themselves; without that last step the program does it. The runtime may then skip a rounding in between.
        string path = Goldens.PathOf(model, "fp16"), half = Change(path, proto =>
        {
            ValueInfoProto output = proto.Graph.Output[0];
            NodeProto widen = proto.Graph.Node.Single(n => n.Output.Contains(output.Name));
            widen.OpType.ShouldBe("Cast");
            widen.OpType = "Identity";
            widen.Attribute.Clear();
            output.Type.TensorType.ElemType = Float16;
        });
        RequireWidened(model, path, half, 5e-4);
    }

    [Fact]
    public void States_in_bfloat16_are_widened_too()
    {
        string path = Goldens.PathOf("bert", "ts-sdpa-14"), half = Change(path, proto =>
        {
            ValueInfoProto output = proto.Graph.Output[0];
            NodeProto last = proto.Graph.Node.Single(n => n.Output.Contains(output.Name));
            last.Output[last.Output.IndexOf(output.Name)] = "wide";
            proto.Graph.Node.Add(new NodeProto { OpType = "Cast", Input = { "wide" }, Output = { output.Name }, Attribute = { Attributes.Of("to", (long)BFloat16) } });
            output.Type.TensorType.ElemType = BFloat16;
        });
        // 8 bits of a number are left.
        RequireWidened("bert", path, half, 0.01);
    }

    private void RequireWidened(string model, string path, string half, double most)
    {
        Feed feed = Goldens.Instance.Cases(model, "base").First().Feeds().First().Feed;
        using EncoderModel wide = Open(path), narrow = Open(half);
        foreach ((float[] expected, float[] actual) in Run(wide, Enumerable.Range(0, feed.Rows).Select(feed.Single)).Zip(Run(narrow, Enumerable.Range(0, feed.Rows).Select(feed.Single))))
        {
            Near.Largest(actual, expected).ShouldBeLessThanOrEqualTo(most);
        }
    }

    private string Change(string path, Action<ModelProto> change)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        change(proto);
        File.WriteAllBytes(_folder["changed.onnx"], proto.ToByteArray());
        return _folder["changed.onnx"];
    }

    /// <summary>A folder around a graph: mean, unit length.</summary>
    private EncoderModel Open(string graph)
    {
        string folder = TinyModel.Write(_folder[$"model{Directory.GetDirectories(_folder.Path).Length}"]);
        File.Copy(graph, Path.Combine(folder, "onnx", "model.onnx"), overwrite: true);
        foreach (string file in OnnxModelInfo.Read(graph).ExternalFiles)
        {
            File.Copy(file, Path.Combine(folder, "onnx", Path.GetFileName(file)));
        }
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"hidden_size":64,"max_position_embeddings":128,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16}""");
        return EncoderModel.Open("served", ModelFolder.Read(folder), [], null, TinyModel.Options(_folder["compiled"], folder));
    }

    private static float[][] Run(EncoderModel model, IEnumerable<Feed> texts)
    {
        List<TextWork> batch = [.. texts.Select(t => new TextWork(Tokens(t), false, 0, CancellationToken.None))];
        using BatchBuffers buffers = new();
        model.Run(batch, buffers);
        return [.. batch.Select(t => t.Done.Task.Result)];
    }

    private static Encoding Tokens(Feed text) =>
        new([.. text.Ids.Select(i => (int)i)], [.. (text.Types ?? new long[text.Columns]).Select(i => (int)i)], new int[text.Columns], new int[text.Columns], new bool[text.Columns]);

    private static float[] Mean(float[] states)
    {
        double[] mean = [.. Enumerable.Range(0, Width).Select(d => states.Chunk(Width).Average(t => (double)t[d]))];
        double length = Math.Sqrt(mean.Sum(x => x * x));
        return [.. mean.Select(x => (float)(x / length))];
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
