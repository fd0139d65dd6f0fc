using System.Globalization;
using System.Text.Json;
using Retrieval.Onnx;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Every pass against the reference outputs, for every export form.</summary>
public sealed class PassGoldenTests(ITestOutputHelper output)
{
    private const int Width = 64;

    public static TheoryData<string, string> Forms => Goldens.Forms();

    public static TheoryData<string, string> Decoders => Goldens.Forms("llama", "qwen2", "qwen3");

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_model_that_was_written_again_gives_the_base_vectors(string model, string form)
    {
        GoldenAccount account = new(form);
        using ModelRun run = new(Read(model, form));
        foreach (GoldenCase golden in Goldens.Instance.Cases(model, "base"))
        {
            Check(form, golden, "last_hidden_state", run, account);
        }
        account.Close(Goldens.Instance.Cases(model, "base"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Temperature_gives_the_reference_for_all_layers_and_for_some(string model, string form)
    {
        OnnxModel source = Read(model, form);
        GoldenAccount account = new(form);
        foreach (IGrouping<string, GoldenCase> cases in Goldens.Instance.Cases(model, "tempscale").GroupBy(c => c.Params.GetRawText()))
        {
            JsonElement settings = cases.First().Params;
            int[]? layers = settings.GetProperty("layers").ValueKind == JsonValueKind.String ? null : [.. settings.GetProperty("layers").EnumerateArray().Select(l => l.GetInt32())];
            double[] temperatures = [.. settings.GetProperty("temperatures").EnumerateArray().Select(t => t.GetDouble())];
            for (int t = 0; t < temperatures.Length; t++)
            {
                using ModelRun run = new(new TempScale(temperatures[t], layers).Apply(source));
                double measured = Goldens.Instance.Form(model, form).Json.GetProperty("tempscale_max_abs_vs_float64").GetProperty(temperatures[t].ToString(CultureInfo.InvariantCulture)).GetDouble();
                foreach (GoldenCase golden in cases)
                {
                    foreach (string key in golden.Expected)
                    {
                        float[] expected = Part(golden.Floats(key), t, temperatures.Length);
                        CheckAs(form, golden, run, key, expected, account, atLeast: 3 * measured);
                    }
                }
            }
        }
        account.Close(Goldens.Instance.Cases(model, "tempscale"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Temperature_1_is_the_model_itself(string model, string form)
    {
        OnnxModel source = Read(model, form);
        new TempScale(1).Apply(source).ShouldBeSameAs(source);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_layers_states_are_the_reference(string model, string form)
    {
        GoldenForm about = Goldens.Instance.Form(model, form);
        GoldenAccount account = new(form);
        using ModelRun run = new(new HiddenStates().Apply(Read(model, form)));
        foreach (GoldenCase golden in Goldens.Instance.Cases(model, "hidden_states"))
        {
            string key = golden.Key("hidden")!;
            float[] all = golden.Floats(key);
            int layers = Goldens.Instance.Layers(model);
            for (int n = 0; n <= layers; n++)
            {
                // A lossy form's tolerance was measured on the last state; others are of another size.
                float[] state = Part(all, n, layers + 1);
                double size = state.Max(Math.Abs) / (double)golden.Floats(key.Replace(".hidden", ".last_hidden_state", StringComparison.Ordinal)).Max(Math.Abs);
                CheckAs(form, golden, run, key, state, account, HiddenStates.OutputName(n), about.IsLossy ? about.Tolerance * size : 0);
            }
        }
        account.Close(Goldens.Instance.Cases(model, "hidden_states"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Exits_after_every_layer_pool_to_the_reference(string model, string form)
    {
        OnnxModel source = Read(model, form);
        GoldenAccount account = new(form);
        foreach (IGrouping<bool, GoldenCase> cases in Goldens.Instance.Cases(model, "exit").GroupBy(c => c.Id.Contains("exit_normed", StringComparison.Ordinal)))
        {
            for (int n = 1; n <= 4; n++)
            {
                OnnxModel exit = new Exit(n, cases.Key).Apply(source);
                exit.Proto.Graph.Node.Count.ShouldBeLessThanOrEqualTo(source.Proto.Graph.Node.Count + (cases.Key ? 12 : 1));
                using ModelRun run = new(exit);
                foreach (GoldenCase golden in cases)
                {
                    CheckExit(form, golden, run, n, account);
                }
            }
        }
        account.Close(Goldens.Instance.Cases(model, "exit"));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_decoder_without_its_causal_mask_gives_the_reference_or_is_refused(string model, string form)
    {
        OnnxModel source = Read(model, form);
        if (form == "genai-gqa")
        {
            Should.Throw<PassRefusedException>(() => new Bidirectional().Apply(source)).Reason.ShouldContain("is GroupQueryAttention, which is always causal; export the model with eager or SDPA attention");
            return;
        }
        GoldenAccount account = new(form);
        using ModelRun run = new(new Bidirectional().Apply(source));
        foreach (GoldenCase golden in Goldens.Instance.Cases(model, "bidirectional"))
        {
            foreach (string key in golden.Expected)
            {
                CheckAs(form, golden, run, key, golden.Floats(key), account);
            }
        }
        account.Close(Goldens.Instance.Cases(model, "bidirectional"));
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Token_prepending_gives_the_reference_for_both_padding_sides(string model, string form)
    {
        OnnxModel source = Read(model, form);
        GoldenAccount account = new(form);
        foreach (GoldenCase golden in Goldens.Instance.Cases(model, "token_prepending"))
        {
            bool isOff = !golden.Params.TryGetProperty("start", out JsonElement start);
            TokenPrepending pass = isOff ? new TokenPrepending() : new TokenPrepending(start.GetInt32(), golden.Params.GetProperty("exit").GetInt32());
            OnnxModel edited = pass.Apply(source);
            using ModelRun run = new(edited);
            Check(form, golden, "last_hidden_state", run, account, off: isOff);
            if (!isOff)
            {
                int layer = golden.Params.GetProperty("output_layer").GetInt32();
                using ModelRun early = new(new Exit(layer < 0 ? 5 + layer : layer).Apply(edited));
                Check(form, golden, "embedding", early, account);
                Check(form, golden, "mean", run, account);
            }
        }
        account.Close(Goldens.Instance.Cases(model, "token_prepending"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Packed_rows_give_the_reference(string model, string form)
    {
        GoldenAccount account = new(form);
        using ModelRun run = new(new Packing().Apply(Read(model, form)));
        run.Inputs.ShouldNotContain("attention_mask");
        GoldenCase[] cases = [.. Goldens.Instance.Cases(model, "packing")];
        GoldenCase pooled = cases.Single(c => c.Key("last_hidden_state") is null);
        foreach (GoldenCase golden in cases.Except([pooled]))
        {
            GoldenBatch batch = golden.Batches().Single().Batch;
            if (model == "xlmr")
            {
                // The goldens have the values that the embedding is fed: padding id 1 and 1.
                batch = batch with { Inputs = batch.Inputs.ToDictionary(i => i.Key, i => i.Key == "position_ids" ? [.. i.Value.Select(p => Math.Max(p - 2, 0))] : i.Value) };
            }
            float[] states = run.Run(batch.Inputs, batch.Shape);
            string key = golden.Key("last_hidden_state")!;
            Compare(form, golden, key, batch.Tokens(states), golden.Floats(key), account);
            float[][][] texts = [.. batch.Inputs["segment_ids"].Zip(states.Chunk(Width)).Where(t => t.First >= 0).GroupBy(t => t.First, t => t.Second).OrderBy(g => g.Key).Select(g => g.ToArray())];
            foreach (string pool in pooled.Expected)
            {
                Compare(form, pooled, pool, Pooled(pool, texts), pooled.Floats(pool), account, batch: golden.Id);
            }
        }
        account.Close(cases);
    }

    private static OnnxModel Read(string model, string form) => OnnxModel.Read(Goldens.PathOf(model, form));

    private static float[] Part(float[] all, int index, int count) => all[(all.Length / count * index)..(all.Length / count * (index + 1))];

    /// <summary>The case's own batch and, where a form can take it, the left-padded one that has the same reference.</summary>
    private static IEnumerable<(string Name, GoldenBatch Batch)> Batches(string form, GoldenCase golden) =>
        golden.Batches().Where(b => !(b.Batch.IsToken.Chunk((int)b.Batch.Shape[1]).Any(row => !row[0]) && RightPaddingOnly(golden.Model, form)));

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(string, string), bool> RightOnly = new();

    private static bool RightPaddingOnly(string model, string form) => RightOnly.GetOrAdd((model, form), _ => TransformerGraph.Analyze(Read(model, form)).RightPaddingOnly);

    /// <summary>Compares a whole array of a case: token states, or what its name says was pooled from them.</summary>
    private void Check(string form, GoldenCase golden, string suffix, ModelRun run, GoldenAccount account, bool off = false)
    {
        string key = golden.Key(suffix) ?? throw new InvalidOperationException($"{golden.Id} has no {suffix}.");
        CheckAs(form, golden, run, key, golden.Floats(key), account, off: off);
    }

    private void CheckAs(string form, GoldenCase golden, ModelRun run, string key, float[] expected, GoldenAccount account, string? output = null, double atLeast = 0, bool off = false)
    {
        foreach ((string name, GoldenBatch batch) in Batches(form, golden))
        {
            IReadOnlyDictionary<string, long[]> inputs = off ? batch.Inputs.ToDictionary(i => i.Key, i => i.Key == "pst_mask" ? new long[i.Value.Length] : i.Value) : batch.Inputs;
            float[] states = run.Run(inputs, batch.Shape, output);
            bool isStates = key.EndsWith("last_hidden_state", StringComparison.Ordinal) || key.EndsWith("hidden", StringComparison.Ordinal);
            Compare(form, golden, key, isStates ? batch.Tokens(states) : Pooled(key, Texts(batch, states)), expected, account, atLeast, name);
        }
    }

    private void CheckExit(string form, GoldenCase golden, ModelRun run, int layer, GoldenAccount account)
    {
        foreach ((string name, GoldenBatch batch) in Batches(form, golden))
        {
            float[] pooled = Pooled(golden.Params.GetProperty("pooling").GetString()!, Texts(batch, run.Run(batch.Inputs, batch.Shape)));
            foreach (int dims in golden.Params.GetProperty("dims").EnumerateArray().Select(d => d.GetInt32()))
            {
                float[] cut = [.. pooled.Chunk(Width).SelectMany(v => Unit(v[..dims]))];
                string key = golden.Key($"dim{dims}")!;
                Compare(form, golden, key, cut, Part(golden.Floats(key), layer - 1, 4), account, 0, name);
            }
        }
    }

    private static float[] Unit(float[] v) => Math.Sqrt(v.Sum(x => (double)x * x)) is var norm ? [.. v.Select(x => (float)(x / norm))] : v;

    /// <summary>Texts' states as an array's name says: its last word but one or its last.</summary>
    private static float[] Pooled(string key, float[][][] texts)
    {
        string[] words = key.Split('.');
        bool isUnit = words[^1] == "l2";
        IEnumerable<float[]> vectors = texts.Select(t => words[isUnit ? ^2 : ^1] switch
        {
            "mean" => [.. Enumerable.Range(0, Width).Select(d => (float)t.Average(s => (double)s[d]))],
            "cls" => t[0],
            "lasttoken" or "embedding" => t[^1],
            var other => throw new InvalidOperationException($"Nothing is known of '{other}' in '{key}'."),
        });
        return [.. vectors.SelectMany(v => isUnit ? Unit(v) : v)];
    }

    /// <summary>The states of each text's own tokens.</summary>
    private static float[][][] Texts(GoldenBatch batch, float[] states) => [.. states.Chunk(Width * (int)batch.Shape[1]).Select((row, r) => row.Chunk(Width).Where((_, t) => batch.IsToken[(r * batch.Shape[1]) + t]).ToArray())];

    private void Compare(string form, GoldenCase golden, string key, float[] actual, float[] expected, GoldenAccount account, double atLeast = 0, string batch = "")
    {
        GoldenForm about = Goldens.Instance.Form(golden.Model, form);
        double tolerance = Math.Max(atLeast, about.IsLossy ? about.Tolerance : Math.Max(about.Tolerance, golden.Tolerance)), difference = actual.Zip(expected, (a, e) => Math.Abs((double)a - e)).DefaultIfEmpty(double.NaN).Max();
        output.WriteLine($"{key} {form} {batch}: {difference:G3} of {tolerance:G3}");
        actual.Length.ShouldBe(expected.Length, $"{key} {form} {batch}");
        bool isClose = about.IsLossy && actual.Length % Width == 0 && actual.Chunk(Width).Zip(expected.Chunk(Width)).Min(t => Cosine(t.First, t.Second)) >= about.LeastCosine;
        (difference <= tolerance || isClose).ShouldBeTrue($"{key} {form} {batch}: differs by {difference}, may by {tolerance}");
        account.Add(golden, key);
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
