using System.Globalization;
using System.Text.Json;
using Retrieval.Onnx;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Onnx;

/// <summary>Every pass against the reference outputs, for every export form.</summary>
public sealed class PassGoldenTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Forms => GoldenManifest.Forms();

    public static TheoryData<string, string> Decoders => GoldenManifest.Forms("llama", "qwen2", "qwen3");

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_model_that_was_written_again_gives_the_base_vectors(string model, string form)
    {
        using ModelRun run = new(Read(model, form));
        foreach (JsonElement testCase in GoldenManifest.Instance.Cases(model, "base"))
        {
            Check(model, form, testCase, run, Expected(model, testCase, "last_hidden_state"));
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Temperature_gives_the_reference_for_all_layers_and_for_some(string model, string form)
    {
        OnnxModel source = Read(model, form);
        foreach (IGrouping<string, JsonElement> cases in GoldenManifest.Instance.Cases(model, "tempscale").GroupBy(c => c.GetProperty("params").GetRawText()))
        {
            JsonElement settings = cases.First().GetProperty("params");
            int[]? layers = settings.GetProperty("layers").ValueKind == JsonValueKind.String ? null : [.. settings.GetProperty("layers").EnumerateArray().Select(l => l.GetInt32())];
            double[] temperatures = [.. settings.GetProperty("temperatures").EnumerateArray().Select(t => t.GetDouble())];
            for (int t = 0; t < temperatures.Length; t++)
            {
                using ModelRun run = new(new TempScale(temperatures[t], layers).Apply(source));
                double measured = GoldenManifest.Instance.Form(model, form).GetProperty("tempscale_max_abs_vs_float64").GetProperty(temperatures[t].ToString(CultureInfo.InvariantCulture)).GetDouble();
                foreach (JsonElement testCase in cases)
                {
                    // Some cases keep the pooled vectors only.
                    if (Key(testCase, "last_hidden_state") is not null)
                    {
                        float[] all = Expected(model, testCase, "last_hidden_state");
                        Check(model, form, testCase, run, Part(all, t, temperatures.Length), atLeast: 3 * measured);
                    }
                    else
                    {
                        CheckMeans(model, form, testCase, run, Part(Expected(model, testCase, "mean"), t, temperatures.Length), atLeast: 3 * measured);
                    }
                }
            }
        }
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
        JsonElement about = GoldenManifest.Instance.Form(model, form);
        using ModelRun run = new(new HiddenStates().Apply(Read(model, form)));
        foreach (JsonElement testCase in GoldenManifest.Instance.Cases(model, "hidden_states"))
        {
            float[] all = Expected(model, testCase, "hidden");
            int layers = GoldenManifest.Instance.Model(model).GetProperty("layers").GetInt32();
            for (int n = 0; n <= layers; n++)
            {
                // A lossy form's tolerance was measured on the last state; others are of another size.
                float[] state = Part(all, n, layers + 1);
                double size = state.Max(Math.Abs) / (double)GoldenManifest.Instance.Arrays(model).Floats(Key(testCase, "hidden")!.Replace(".hidden", ".last_hidden_state", StringComparison.Ordinal)).Max(Math.Abs);
                Check(model, form, testCase, run, state, HiddenStates.OutputName(n), about.GetProperty("lossy").GetBoolean() ? about.GetProperty("atol").GetDouble() * size : 0);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Exits_after_every_layer_pool_to_the_reference(string model, string form)
    {
        OnnxModel source = Read(model, form);
        foreach (IGrouping<bool, JsonElement> cases in GoldenManifest.Instance.Cases(model, "exit").GroupBy(c => c.GetProperty("id").GetString()!.Contains("exit_normed", StringComparison.Ordinal)))
        {
            for (int n = 1; n <= 4; n++)
            {
                OnnxModel exit = new Exit(n, cases.Key).Apply(source);
                exit.Proto.Graph.Node.Count.ShouldBeLessThanOrEqualTo(source.Proto.Graph.Node.Count + (cases.Key ? 12 : 1));
                using ModelRun run = new(exit);
                foreach (JsonElement testCase in cases)
                {
                    CheckExit(model, form, testCase, run, n);
                }
            }
        }
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
        using ModelRun run = new(new Bidirectional().Apply(source));
        foreach (JsonElement testCase in GoldenManifest.Instance.Cases(model, "bidirectional"))
        {
            Check(model, form, testCase, run, Expected(model, testCase, "last_hidden_state"));
        }
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Token_prepending_gives_the_reference_for_both_padding_sides(string model, string form)
    {
        OnnxModel source = Read(model, form);
        foreach (JsonElement testCase in GoldenManifest.Instance.Cases(model, "token_prepending"))
        {
            JsonElement settings = testCase.GetProperty("params");
            bool isOff = !settings.TryGetProperty("start", out JsonElement start);
            TokenPrepending pass = isOff ? new TokenPrepending() : new TokenPrepending(start.GetInt32(), settings.GetProperty("exit").GetInt32());
            OnnxModel edited = pass.Apply(source);
            using ModelRun run = new(edited);
            Check(model, form, testCase, run, Expected(model, testCase, "last_hidden_state"), off: isOff);
            if (!isOff)
            {
                int layer = settings.GetProperty("output_layer").GetInt32();
                using ModelRun early = new(new Exit(layer < 0 ? 5 + layer : layer).Apply(edited));
                CheckLastTokens(model, form, testCase, early, Expected(model, testCase, "embedding"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Packed_rows_give_the_reference(string model, string form)
    {
        using ModelRun run = new(new Packing().Apply(Read(model, form)));
        run.Inputs.ShouldNotContain("attention_mask");
        foreach (JsonElement testCase in GoldenManifest.Instance.Cases(model, "packing").Where(c => c.GetProperty("expected").EnumerateObject().Any(e => e.Name.EndsWith("last_hidden_state", StringComparison.Ordinal))))
        {
            GoldenBatch batch = GoldenBatch.Of(GoldenManifest.Instance.Arrays(model), Keys(testCase.GetProperty("inputs")));
            if (model == "xlmr")
            {
                // The goldens have the values that the embedding is fed: padding id 1 and 1.
                batch = batch with { Inputs = batch.Inputs.ToDictionary(i => i.Key, i => i.Key == "position_ids" ? [.. i.Value.Select(p => Math.Max(p - 2, 0))] : i.Value) };
            }
            Compare(model, form, testCase, batch.Tokens(run.Run(batch.Inputs, batch.Shape)), Expected(model, testCase, "last_hidden_state"));
        }
    }

    private static OnnxModel Read(string model, string form) => OnnxModel.Read(GoldenManifest.PathOf(model, form));

    private static string? Key(JsonElement testCase, string suffix) => testCase.GetProperty("expected").EnumerateObject().Select(e => e.Name).FirstOrDefault(n => n.EndsWith("." + suffix, StringComparison.Ordinal));

    private static float[] Expected(string model, JsonElement testCase, string suffix) => GoldenManifest.Instance.Arrays(model).Floats(Key(testCase, suffix) ?? throw new InvalidOperationException($"{testCase.GetProperty("id")} has no {suffix}."));

    private static float[] Part(float[] all, int index, int count) => all[(all.Length / count * index)..(all.Length / count * (index + 1))];

    private static IEnumerable<KeyValuePair<string, string>> Keys(JsonElement inputs) => inputs.EnumerateObject().Select(i => KeyValuePair.Create(i.Name, i.Value.GetString()!));

    /// <summary>The case's own batch and, where a form can take it, the left-padded one that has the same reference.</summary>
    private static IEnumerable<(string Name, GoldenBatch Batch)> Batches(string model, string form, JsonElement testCase)
    {
        Npz arrays = GoldenManifest.Instance.Arrays(model);
        IEnumerable<(string Name, JsonElement Inputs)> all = [("own", testCase.GetProperty("inputs")), .. testCase.TryGetProperty("same_expected_for", out JsonElement same) ? same.EnumerateObject().Select(s => (s.Name, s.Value)) : []];
        foreach ((string name, JsonElement inputs) in all)
        {
            GoldenBatch batch = GoldenBatch.Of(arrays, Keys(inputs));
            bool isLeft = batch.IsToken.Chunk((int)batch.Shape[1]).Any(row => !row[0]);
            if (!(isLeft && RightPaddingOnly(model, form)))
            {
                yield return (name, batch);
            }
        }
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(string, string), bool> RightOnly = new();

    private static bool RightPaddingOnly(string model, string form) => RightOnly.GetOrAdd((model, form), _ => TransformerGraph.Analyze(Read(model, form)).RightPaddingOnly);

    private void Check(string model, string form, JsonElement testCase, ModelRun run, float[] expected, string? output = null, double atLeast = 0, bool off = false)
    {
        foreach ((string name, GoldenBatch batch) in Batches(model, form, testCase))
        {
            IReadOnlyDictionary<string, long[]> inputs = off ? batch.Inputs.ToDictionary(i => i.Key, i => i.Key == "pst_mask" ? new long[i.Value.Length] : i.Value) : batch.Inputs;
            Compare(model, form, testCase, batch.Tokens(run.Run(inputs, batch.Shape, output)), expected, atLeast, name);
        }
    }

    private void CheckMeans(string model, string form, JsonElement testCase, ModelRun run, float[] expected, double atLeast)
    {
        foreach ((string name, GoldenBatch batch) in Batches(model, form, testCase))
        {
            Compare(model, form, testCase, Means(batch, run.Run(batch.Inputs, batch.Shape)), expected, atLeast, name);
        }
    }

    private void CheckExit(string model, string form, JsonElement testCase, ModelRun run, int layer)
    {
        JsonElement settings = testCase.GetProperty("params");
        foreach ((string name, GoldenBatch batch) in Batches(model, form, testCase))
        {
            float[] states = run.Run(batch.Inputs, batch.Shape);
            float[] pooled = settings.GetProperty("pooling").GetString() switch { "mean" => Means(batch, states), "cls" => Picked(batch, states, false), _ => Picked(batch, states, true) };
            foreach (int dims in settings.GetProperty("dims").EnumerateArray().Select(d => d.GetInt32()))
            {
                float[] cut = [.. pooled.Chunk(64).SelectMany(v => Unit(v[..dims]))];
                Compare(model, form, testCase, cut, Part(Expected(model, testCase, $"dim{dims}"), layer - 1, 4), 0, name);
            }
        }
    }

    private void CheckLastTokens(string model, string form, JsonElement testCase, ModelRun run, float[] expected)
    {
        foreach ((string name, GoldenBatch batch) in Batches(model, form, testCase))
        {
            Compare(model, form, testCase, Picked(batch, run.Run(batch.Inputs, batch.Shape), true), expected, 0, name);
        }
    }

    private static float[] Unit(float[] v) => Math.Sqrt(v.Sum(x => (double)x * x)) is var norm ? [.. v.Select(x => (float)(x / norm))] : v;

    private static float[] Means(GoldenBatch batch, float[] states) => [.. Rows(batch, states).SelectMany(row => Enumerable.Range(0, 64).Select(d => (float)row.Average(t => (double)t[d])))];

    private static float[] Picked(GoldenBatch batch, float[] states, bool last) => [.. Rows(batch, states).SelectMany(row => last ? row[^1] : row[0])];

    private static IEnumerable<float[][]> Rows(GoldenBatch batch, float[] states) => states.Chunk(64 * (int)batch.Shape[1]).Select((row, r) => row.Chunk(64).Where((_, t) => batch.IsToken[(r * batch.Shape[1]) + t]).ToArray());

    private void Compare(string model, string form, JsonElement testCase, float[] actual, float[] expected, double atLeast = 0, string batch = "")
    {
        double tolerance = Math.Max(atLeast, GoldenManifest.Instance.Tolerance(model, form, testCase)), difference = actual.Zip(expected, (a, e) => Math.Abs((double)a - e)).DefaultIfEmpty(double.NaN).Max();
        output.WriteLine($"{testCase.GetProperty("id")} {form} {batch}: {difference:G3} of {tolerance:G3}");
        actual.Length.ShouldBe(expected.Length, $"{testCase.GetProperty("id")} {form} {batch}");
        JsonElement about = GoldenManifest.Instance.Form(model, form);
        bool isClose = about.GetProperty("lossy").GetBoolean() && actual.Length % 64 == 0
            && actual.Chunk(64).Zip(expected.Chunk(64)).Min(t => Cosine(t.First, t.Second)) >= about.GetProperty("min_token_cosine").GetDouble();
        (difference <= tolerance || isClose).ShouldBeTrue($"{testCase.GetProperty("id")} {form} {batch}: differs by {difference}, may by {tolerance}");
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
