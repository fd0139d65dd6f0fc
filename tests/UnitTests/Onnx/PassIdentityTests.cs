using Microsoft.ML.OnnxRuntime;
using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx;

/// <summary>What must hold whatever the weights: passes against each other and against the model itself.</summary>
public sealed class PassIdentityTests
{
    private const int Width = 64;

    public static TheoryData<string, string> Decoders => Goldens.Forms("llama", "qwen2", "qwen3");

    public static TheoryData<string, string> Exact => Goldens.ExactForms();

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Token_prepending_with_a_mask_of_zeros_is_the_base_model_bit_for_bit(string model, string form)
    {
        OnnxModel source = Read(model, form);
        // Fusions at load differ between two graphs; the graphs themselves do not. ONNX Runtime reads the half-precision file with some fusions only.
        GraphOptimizationLevel level = form == "fp16" ? GraphOptimizationLevel.ORT_ENABLE_BASIC : GraphOptimizationLevel.ORT_DISABLE_ALL;
        using ModelRun plain = new(source, level), edited = new(new TokenPrepending().Apply(source), level);
        Batch batch = Batch.Of(new Random(1), [5, 17, 9], false);
        edited.Run(batch.With("pst_mask", new long[batch.Count]), batch.Shape).ShouldBe(plain.Run(batch.Inputs, batch.Shape));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Token_prepending_leaves_what_stands_before_the_placeholder_and_lets_the_end_reach_what_stands_behind_it(string model, string form)
    {
        using ModelRun run = new(new TokenPrepending().Apply(Read(model, form)));
        Batch batch = Batch.Of(new Random(2), [12], false), other = batch with { Inputs = batch.With("input_ids", [.. batch.Inputs["input_ids"][..^1], 77]) };
        long[] at3 = [.. Enumerable.Range(0, 12).Select(i => i == 3 ? 1L : 0)];
        float[] off = run.Run(batch.With("pst_mask", new long[12]), batch.Shape), on = run.Run(batch.With("pst_mask", at3), batch.Shape);
        float[] offOther = run.Run(other.With("pst_mask", new long[12]), batch.Shape), onOther = run.Run(other.With("pst_mask", at3), batch.Shape);
        bool isDynamic = form.StartsWith("int8", StringComparison.Ordinal); // one range for all activations: everything moves a little
        Difference(on[..(3 * Width)], off[..(3 * Width)]).ShouldBeLessThanOrEqualTo(isDynamic ? 3 : 0);
        Difference(off[(4 * Width)..(5 * Width)], offOther[(4 * Width)..(5 * Width)]).ShouldBeLessThanOrEqualTo(isDynamic ? 3 : 0, "a causal model does not see the end");
        Difference(on[(4 * Width)..(5 * Width)], onOther[(4 * Width)..(5 * Width)]).ShouldBeGreaterThan(1e-3);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void Texts_packed_by_chance_are_the_texts_padded(string model, string form)
    {
        Random random = new(3);
        OnnxModel source = Read(model, form);
        using ModelRun padded = new(source), packed = new(new Packing().Apply(source));
        for (int round = 0; round < 4; round++)
        {
            int[] lengths = [.. Enumerable.Range(0, random.Next(2, 7)).Select(_ => random.Next(1, 14))];
            Batch batch = Batch.Of(random, lengths, model is "bert");
            float[] expected = batch.Tokens(padded.Run(batch.Inputs, batch.Shape));
            Batch rows = batch.Packed(capacity: 20);
            Difference(rows.Tokens(packed.Run(rows.Inputs, rows.Shape)), expected).ShouldBeLessThan(1e-4, $"{model} {form}, seed 3, round {round}");
        }
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_text_in_a_packed_row_does_not_feel_its_neighbour(string model, string form)
    {
        using ModelRun packed = new(new Packing().Apply(Read(model, form)));
        Batch batch = Batch.Of(new Random(4), [6, 9], model is "bert").Packed(20), other = batch with { Inputs = batch.With("input_ids", [.. batch.Inputs["input_ids"].Select((id, i) => i < 6 ? 20 + (id % 50) : id)]) };
        float[] one = packed.Run(batch.Inputs, batch.Shape), two = packed.Run(other.Inputs, other.Shape);
        one[(6 * Width)..(15 * Width)].ShouldBe(two[(6 * Width)..(15 * Width)]);
        Difference(one[..(6 * Width)], two[..(6 * Width)]).ShouldBeGreaterThan(1e-3);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_batch_is_its_texts_one_by_one(string model, string form)
    {
        OnnxModel source = new TempScale(0.7).Apply(Read(model, form));
        using ModelRun run = new(source);
        Batch batch = Batch.Of(new Random(5), [3, 11, 7], model is "bert");
        float[] all = batch.Tokens(run.Run(batch.Inputs, batch.Shape));
        int start = 0;
        for (int row = 0; row < 3; row++)
        {
            Batch single = batch.Row(row);
            float[] alone = run.Run(single.Inputs, single.Shape);
            Difference(alone, all[start..(start + alone.Length)]).ShouldBeLessThan(1e-4);
            start += alone.Length;
        }
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void Passes_compose_in_either_order(string model, string form)
    {
        OnnxModel source = Read(model, form);
        using ModelRun one = new(new Exit(3).Apply(new Packing().Apply(new TempScale(0.6).Apply(source)))), two = new(new TempScale(0.6).Apply(new Packing().Apply(new Exit(3).Apply(source))));
        Batch batch = Batch.Of(new Random(6), [4, 9, 6], model is "bert").Packed(20);
        Difference(batch.Tokens(one.Run(batch.Inputs, batch.Shape)), batch.Tokens(two.Run(batch.Inputs, batch.Shape))).ShouldBeLessThan(1e-4);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_mix_of_one_layer_is_the_exit_there_and_halves_add_up(string model, string form)
    {
        OnnxModel source = Read(model, form);
        new Exit(4).Apply(source).ShouldBeSameAs(source);
        Batch batch = Batch.Of(new Random(7), [8, 5], model is "bert");
        float[] At(OnnxModel edited)
        {
            using ModelRun run = new(edited);
            return batch.Tokens(run.Run(batch.Inputs, batch.Shape));
        }
        float[] second = At(new Exit(2).Apply(source)), last = At(source), mix = At(new LayerMix([new(2, 0.25), new(4, 0.75)]).Apply(source));
        Difference(At(new LayerMix([new(2, 1)]).Apply(source)), second).ShouldBeLessThan(1e-5);
        Difference(At(new LayerMix([new(4, 1)]).Apply(source)), last).ShouldBeLessThan(1e-5);
        Difference(mix, [.. second.Zip(last, (a, b) => (0.25f * a) + (0.75f * b))]).ShouldBeLessThan(1e-4);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void An_exit_is_the_state_of_its_layer(string model, string form)
    {
        OnnxModel source = Read(model, form);
        Batch batch = Batch.Of(new Random(12), [9, 4], model is "bert");
        using ModelRun all = new(new HiddenStates().Apply(source));
        for (int layer = 1; layer < 4; layer++)
        {
            using ModelRun exit = new(new Exit(layer).Apply(source));
            Difference(batch.Tokens(exit.Run(batch.Inputs, batch.Shape)), batch.Tokens(all.Run(batch.Inputs, batch.Shape, HiddenStates.OutputName(layer)))).ShouldBeLessThan(1e-5, $"layer {layer}");
        }
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_temperature_is_the_queries_divided_by_it(string model, string form)
    {
        OnnxModel source = Read(model, form);
        Graph graph = new(source);
        TransformerGraph analysis = TransformerGraph.Analyze(graph);
        if (model == "t5" || analysis.Layers.Any(l => l.Site.Product is null))
        {
            // T5's bias is tempered with the scores; a fused operator keeps its product inside, and its scale is what the pass sets.
            return;
        }
        Builder build = new(graph);
        foreach (AttentionSite site in analysis.Layers.Select(l => l.Site))
        {
            graph.SetInput(site.Product!, 0, build.Node("Mul", site.Product!.Input[0], build.Constant(DataType.Float, 1 / 0.6)));
        }
        Batch batch = Batch.Of(new Random(13), [11, 6], model is "bert");
        using ModelRun queries = new(graph.ToModel()), pass = new(new TempScale(0.6).Apply(source));
        Difference(batch.Tokens(queries.Run(batch.Inputs, batch.Shape)), batch.Tokens(pass.Run(batch.Inputs, batch.Shape))).ShouldBeLessThan(1e-4);
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void Attention_is_the_sharper_the_lower_the_temperature(string model, string form)
    {
        OnnxModel source = Read(model, form);
        if (TransformerGraph.Analyze(source).Layers.Any(l => l.Form != AttentionForm.Unfused))
        {
            return;
        }
        Batch batch = Batch.Of(new Random(14), [16], model is "bert");
        double[] entropies = [.. ((double[])[0.5, 0.8, 1, 1.2]).Select(t => Entropy(new TempScale(t).Apply(source), batch))];
        entropies.ShouldBe(entropies.Order());
        entropies.Distinct().Count().ShouldBe(4);
    }

    /// <summary>Mean over the rows of the first layer's attention.</summary>
    private static double Entropy(OnnxModel model, Batch batch)
    {
        Graph graph = new(model);
        string attention = TransformerGraph.Analyze(graph).Layers[0].Site.Core.Output[0];
        graph.SetOutputs([.. model.Proto.Graph.Output, GraphNames.Value("attention", DataType.Float, "rows", "heads", "from", "to")]);
        graph.Alias(attention, "attention");
        using ModelRun run = new(graph.ToModel());
        return run.Run(batch.Inputs, batch.Shape, "attention").Chunk(batch.Count).Average(row => -row.Sum(p => p > 0 ? p * Math.Log(p) : 0));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Token_prepending_over_no_layer_changes_nothing(string model, string form)
    {
        GraphOptimizationLevel level = form == "fp16" ? GraphOptimizationLevel.ORT_ENABLE_BASIC : GraphOptimizationLevel.ORT_DISABLE_ALL;
        OnnxModel source = Read(model, form);
        using ModelRun plain = new(source, level), none = new(new TokenPrepending(2, 2).Apply(source), level);
        Batch batch = Batch.Of(new Random(15), [8], false);
        none.Run(batch.With("pst_mask", [0, 0, 1, 0, 0, 0, 0, 0]), batch.Shape).ShouldBe(plain.Run(batch.Inputs, batch.Shape));
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_row_without_tokens_harms_no_other_at_any_temperature(string model, string form)
    {
        using ModelRun run = new(new TempScale(0.5).Apply(Read(model, form)));
        Batch batch = Batch.Of(new Random(8), [6, 4], model is "bert"), empty = batch with { Inputs = batch.With("attention_mask", [.. batch.Inputs["attention_mask"].Select((m, i) => i < 6 ? m : 0)]) };
        if (form == "genai-gqa")
        {
            // GroupQueryAttention takes lengths and refuses one of none, aloud.
            Should.Throw<OnnxRuntimeException>(() => run.Run(empty.Inputs, empty.Shape)).Message.ShouldContain("seqlens_k");
            return;
        }
        float[] both = run.Run(batch.Inputs, batch.Shape), one = run.Run(empty.Inputs, empty.Shape);
        Difference(both[..(6 * Width)], one[..(6 * Width)]).ShouldBeLessThan(1e-4);
        one.ShouldAllBe(v => float.IsFinite(v));
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void Int8_stays_near_and_gives_the_same_vectors_in_any_batch(string model, string form)
    {
        OnnxModel source = Read(model, form);
        if (form == "ortopt" && model == "bert")
        {
            Should.Throw<PassRefusedException>(() => new Int8(new Int8Options()).Apply(source)).Reason.ShouldContain("keeps its projections inside");
            return;
        }
        OnnxModel small = new Int8(new Int8Options()).Apply(source);
        // What was quantised is understood as before: further passes find the same layers.
        TransformerGraph.Analyze(small).Layers.Select(l => (l.Heads, l.HeadSize, l.KeyHeads, l.NormalisesFirst, l.Unproven.Count)).ShouldBe(TransformerGraph.Analyze(source).Layers.Select(l => (l.Heads, l.HeadSize, l.KeyHeads, l.NormalisesFirst, l.Unproven.Count)));
        Should.Throw<PassRefusedException>(() => new Int8(new Int8Options()).Apply(small)).Reason.ShouldContain("is quantised already");
        using ModelRun plain = new(source), run = new(small);
        Batch batch = Batch.Of(new Random(11), [7, 12, 3], model is "bert");
        float[] expected = batch.Tokens(plain.Run(batch.Inputs, batch.Shape)), all = batch.Tokens(run.Run(batch.Inputs, batch.Shape));
        // Random weights: a mistake in a scale or a transposed matrix would leave nothing of the direction.
        all.Chunk(Width).Zip(expected.Chunk(Width), (a, e) => a.Zip(e, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * e.Sum(x => (double)x * x))).Average().ShouldBeGreaterThan(0.97);
        int start = 0;
        for (int row = 0; row < 3; row++)
        {
            Batch single = batch.Row(row);
            float[] alone = run.Run(single.Inputs, single.Shape);
            Difference(alone, all[start..(start + alone.Length)]).ShouldBeLessThan(1e-4);
            start += alone.Length;
        }
    }

    private static OnnxModel Read(string model, string form) => OnnxModel.Read(Goldens.PathOf(model, form));

    private static double Difference(float[] a, float[] b) => a.Length != b.Length ? double.PositiveInfinity : a.Zip(b, (x, y) => Math.Abs((double)x - y)).DefaultIfEmpty(0).Max();

    private static readonly string[] PackedNames = ["input_ids", "token_type_ids", "position_ids"];

    private sealed record Batch(Dictionary<string, long[]> Inputs, long[] Shape, int[] Lengths)
    {
        public int Count => (int)(Shape[0] * Shape[1]);

        public static Batch Of(Random random, int[] lengths, bool types)
        {
            int rows = lengths.Length, columns = lengths.Max();
            long[] ids = new long[rows * columns], mask = new long[ids.Length], positions = new long[ids.Length], kinds = new long[ids.Length];
            for (int i = 0; i < ids.Length; i++)
            {
                bool isToken = i % columns < lengths[i / columns];
                ids[i] = isToken ? random.Next(5, 300) : 1;
                mask[i] = isToken ? 1 : 0;
                positions[i] = i % columns;
                kinds[i] = types && isToken ? random.Next(2) : 0;
            }
            return new Batch(new Dictionary<string, long[]> { ["input_ids"] = ids, ["attention_mask"] = mask, ["position_ids"] = positions, ["token_type_ids"] = kinds }, [rows, columns], lengths);
        }

        public Dictionary<string, long[]> With(string name, long[] values) => new Dictionary<string, long[]>(Inputs) { [name] = values };

        public Batch Row(int row) => new(Inputs.ToDictionary(i => i.Key, i => i.Value.Skip((int)(row * Shape[1])).Take(Lengths[row]).ToArray()), [1, Lengths[row]], [Lengths[row]]);

        /// <summary>The same texts in the same order, as many to a row as fit.</summary>
        public Batch Packed(int capacity)
        {
            List<List<int>> rows = [[]];
            for (int text = 0; text < Lengths.Length; text++)
            {
                if (rows[^1].Sum(t => Lengths[t]) + Lengths[text] > capacity)
                {
                    rows.Add([]);
                }
                rows[^1].Add(text);
            }
            Dictionary<string, long[]> packed = PackedNames.ToDictionary(n => n, _ => new long[rows.Count * capacity]);
            long[] segments = [.. Enumerable.Repeat(-1L, rows.Count * capacity)];
            for (int row = 0; row < rows.Count; row++)
            {
                int at = row * capacity;
                foreach (int text in rows[row])
                {
                    for (int i = 0; i < Lengths[text]; i++, at++)
                    {
                        segments[at] = text;
                        foreach ((string name, long[] values) in packed)
                        {
                            values[at] = name == "position_ids" ? i : Inputs[name][(text * (int)Shape[1]) + i];
                        }
                    }
                }
            }
            packed["segment_ids"] = segments;
            return new Batch(packed, [rows.Count, capacity], Lengths);
        }

        public float[] Tokens(float[] output)
        {
            long[] shows = Inputs.TryGetValue("segment_ids", out long[]? segments) ? [.. segments.Select(s => s >= 0 ? 1L : 0)] : Inputs["attention_mask"];
            return [.. shows.Index().Where(s => s.Item == 1).SelectMany(s => output[(s.Index * Width)..((s.Index + 1) * Width)])];
        }
    }
}
