using Google.Protobuf;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;

namespace Retrieval.UnitTests.Onnx;

/// <summary>What cannot be done is refused, with file, reason and way out.</summary>
public sealed class PassRefusalTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_temperature_that_is_none_is_refused(double temperature) => Refusal("bert", new TempScale(temperature)).ShouldContain("give one above 0");

    [Fact]
    public void A_layer_that_does_not_exist_is_refused()
    {
        Refusal("bert", new TempScale(0.8, [1, 4])).ShouldContain("layer 4 does not exist; the model has layers 0 to 3");
        Refusal("bert", new TempScale(0.8, [-2])).ShouldContain("layer -2 does not exist");
        Refusal("bert", new Exit(0)).ShouldContain("exit 0 does not exist; the model has layers 1 to 4");
        Refusal("bert", new Exit(5)).ShouldContain("exit 5 does not exist; the model has layers 1 to 4");
        Refusal("bert", new LayerMix([new(5, 1)])).ShouldContain("layer 5 does not exist; the model has states 0 to 4");
        Refusal("bert", new LayerMix([])).ShouldContain("no layer is named");
        Refusal("llama", new TokenPrepending(4)).ShouldContain("layer 4 does not exist");
        Refusal("llama", new TokenPrepending(2, 1)).ShouldContain("are no range");
    }

    [Fact]
    public void What_is_for_decoders_is_refused_for_encoders()
    {
        Refusal("bert", new TokenPrepending()).ShouldContain("the method is for causal decoders");
        Refusal("modernbert", new TokenPrepending()).ShouldContain("the method is for causal decoders");
        Refusal("bert", new Bidirectional()).ShouldContain("every token sees every other already");
        Refusal("t5", new Bidirectional()).ShouldContain("every token sees every other already");
    }

    [Fact]
    public void A_pass_that_was_applied_is_not_applied_again_where_that_would_mean_nothing()
    {
        OnnxModel packed = new Packing().Apply(Read("bert"));
        Should.Throw<PassRefusedException>(() => new Packing().Apply(packed)).Reason.ShouldContain("packed already");
        OnnxModel prepended = new TokenPrepending().Apply(Read("llama"));
        Should.Throw<PassRefusedException>(() => new TokenPrepending().Apply(prepended)).Reason.ShouldContain("has an input 'pst_mask' already");
        OnnxModel both = new Bidirectional().Apply(Read("llama"));
        Should.Throw<PassRefusedException>(() => new Bidirectional().Apply(both)).Reason.ShouldContain("every token sees every other already");
        Should.Throw<PassRefusedException>(() => new TokenPrepending().Apply(new Packing().Apply(Read("llama")))).Reason.ShouldContain("no input 'attention_mask'");
    }

    [Fact]
    public void Left_padding_is_known_to_be_wrong_where_an_operator_takes_lengths()
    {
        foreach ((string model, string form) in Goldens.Forms().Select(r => r.Data))
        {
            TransformerGraph.Analyze(OnnxModel.Read(Goldens.PathOf(model, form))).RightPaddingOnly.ShouldBe((model, form) is ("bert", "ortopt") or ("llama", "genai-gqa"), $"{model} {form}");
        }
    }

    [Theory]
    [InlineData(9, MaskKind.Window)]
    [InlineData(4096, MaskKind.Unknown)]
    public void A_sliding_window_is_seen_or_nothing_is_claimed(int window, MaskKind expected)
    {
        TransformerGraph before = TransformerGraph.Analyze(Read("llama"));
        Graph graph = before.Graph;
        Builder build = new(graph);
        string places = build.Count("input_ids"), distance = build.Node("Sub", build.Unsqueeze(places, 1), build.Unsqueeze(places, 0));
        string near = build.Additive(build.Node("Less", distance, build.Constant(DataType.Int64, window)), DataType.Float);
        foreach (MaskTerm mask in before.Layers.Select(l => l.Site.Terms[0]))
        {
            graph.SetInput(mask.Node, mask.Index, build.Node("Min", mask.Node.Input[mask.Index], near));
        }
        OnnxModel sliding = graph.ToModel();
        TransformerGraph after = TransformerGraph.Analyze(sliding);
        after.Layers.ShouldAllBe(l => l.Masks[0].Kind == expected);
        if (expected == MaskKind.Unknown)
        {
            Should.Throw<PassRefusedException>(() => new Packing().Apply(sliding)).Reason.ShouldContain("holds the number 4096");
        }
        else
        {
            after.Layers.ShouldAllBe(l => l.Masks[0].Behind == window - 1 && l.Masks[0].Ahead == 0);
            Should.Throw<PassRefusedException>(() => new Bidirectional().Apply(sliding)).Reason.ShouldContain("sees a window only");
            using ModelRun run = new(new Packing().Apply(sliding)), padded = new(sliding);
            long[] ids = [.. Enumerable.Range(0, 20).Select(i => 30L + i)], ones = [.. Enumerable.Repeat(1L, 20)];
            float[] packed = run.Run(new Dictionary<string, long[]> { ["input_ids"] = ids, ["segment_ids"] = new long[20], ["position_ids"] = [.. Enumerable.Range(0, 20).Select(i => (long)i)] }, [1, 20]);
            packed.Zip(padded.Run(new Dictionary<string, long[]> { ["input_ids"] = ids, ["attention_mask"] = ones }, [1, 20]), (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-4f);
        }
    }

    [Fact]
    public void A_graph_without_attention_is_refused_by_file()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model());
        OnnxFormatException refusal = Should.Throw<OnnxFormatException>(() => new TempScale(0.8).Apply(OnnxModel.Read(file.Path)));
        refusal.Message.ShouldStartWith(file.Path);
        refusal.Message.ShouldContain("has no attention that is understood among its 1 nodes");
        refusal.Message.ShouldContain("Give a transformer encoder's export");
    }

    [Theory]
    [InlineData(9)]
    [InlineData(99)]
    public void An_operator_set_that_is_not_understood_is_refused_with_those_that_are(long version)
    {
        ModelProto model = ModelFile.Model();
        model.OpsetImport[0].Version = version;
        using ModelFile file = new ModelFile().With(model);
        Should.Throw<OnnxFormatException>(() => new Exit(1).Apply(OnnxModel.Read(file.Path))).Message.ShouldContain($"uses operator set {version}; 11 to 25 are understood. Export it again");
    }

    [Fact]
    public void A_model_that_is_cut_or_lacks_its_weights_is_refused_by_file()
    {
        using ModelFile file = new ModelFile().With(ModelFile.Model().ToByteArray()[..40]);
        Should.Throw<OnnxFormatException>(() => OnnxModel.Read(file.Path)).Message.ShouldContain("Fetch or export it again");
        File.Delete(file.With(ModelFile.Model()).Weights);
        Should.Throw<OnnxFormatException>(() => OnnxModel.Read(file.Path)).Message.ShouldContain("which is missing. Put that file beside the model");
    }

    [Theory]
    [InlineData("bert", "ts-eager-14")]
    [InlineData("llama", "ts-sdpa-17")]
    public void A_graph_with_nodes_taken_out_is_rewritten_or_refused_and_nothing_else(string model, string form)
    {
        OnnxModel source = OnnxModel.Read(Goldens.PathOf(model, form));
        Random random = new(10);
        for (int round = 0; round < 60; round++)
        {
            ModelProto proto = source.Proto.Clone();
            NodeProto gone = proto.Graph.Node[random.Next(proto.Graph.Node.Count)];
            gone.OpType = "Unheard";
            OnnxModel damaged = new(source.Path, proto, source.Weights);
            foreach (GraphPass pass in PassCatalogue.All.Select(p => p.Pass))
            {
                Exception? exception = Record.Exception(() => pass.Apply(damaged));
                (exception is null or PassRefusedException or OnnxFormatException).ShouldBeTrue($"seed 10, round {round}, {pass.Name} without '{gone.Name}': {exception}");
            }
        }
    }

    private static OnnxModel Read(string model) => OnnxModel.Read(Goldens.PathOf(model, model == "t5" ? "ts-eager-17" : "ts-sdpa-17"));

    private static string Refusal(string model, GraphPass pass)
    {
        Goldens.Instance.ShouldNotBeNull();
        PassRefusedException refusal = Should.Throw<PassRefusedException>(() => pass.Apply(Read(model)));
        refusal.Message.ShouldStartWith($"{Goldens.PathOf(model, model == "t5" ? "ts-eager-17" : "ts-sdpa-17")}: {pass.Name} does not apply: ");
        return refusal.Reason;
    }
}
