using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Variants;

/// <summary>Token Prepending as it is served: the pass, the template with its placeholder, and the mask that each text gets.</summary>
public sealed class TokenPrependingTests : IDisposable
{
    private const int Width = 64;
    private const string Template = "this sentence : <unk> \"{text}\" means in one word:\"";
    private static readonly string[] Forms = ["ts-sdpa-17", "ts-eager-14-posids", "dynamo-sdpa-18", "ortopt-posids"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_batch_gives_the_golden_embeddings_with_the_mask_of_each_text()
    {
        Goldens goldens = Goldens.Instance;
        foreach (string form in Forms)
        {
            string model = DecoderFolder.Write(_folder[form], form, unitLength: false);
            foreach (GoldenCase golden in goldens.Cases("token_prepending").Where(c => c.Model == "llama" && c.Params.TryGetProperty("start", out _)))
            {
                int layer = golden.Params.GetProperty("output_layer").GetInt32();
                using EncoderModel served = Open(model, $$"""
                    {"pass":"tokenPrepending","placeholder":"<unk>","start":{{golden.Params.GetProperty("start")}},"exit":{{golden.Params.GetProperty("exit")}}},{"pass":"exit","layer":{{(layer < 0 ? 5 + layer : layer)}}}
                    """);
                long[] columns = goldens.Arrays("llama").Longs("in.tp4_right.pst_index");
                Feed feed = golden.Feeds().Single(f => f.Name == "tp4_right").Feed;
                float[] expected = golden.Floats(golden.Expected.Single(k => k.EndsWith(".embedding", StringComparison.Ordinal)));
                float[][] actual = Run(served, feed, row => (int)columns[row]);
                for (int row = 0; row < feed.Rows; row++)
                {
                    Near.Largest(actual[row], expected.AsSpan(row * Width, Width)).ShouldBeLessThan(golden.Tolerance, $"{form} {golden.Id} {row}");
                    Near.Largest(Run(served, feed.Single(row), _ => (int)columns[row])[0], actual[row]).ShouldBeLessThan(2e-5, $"{form} {golden.Id} {row} alone");
                }
            }
        }
    }

    [Fact]
    public void A_text_without_a_placeholder_gets_the_base_model_bit_for_bit_beside_one_that_has_it()
    {
        string model = DecoderFolder.Write(_folder["model"], Forms[0], unitLength: false);
        using EncoderModel prepended = Open(model, """{"pass":"tokenPrepending","placeholder":"<unk>"}"""), plain = EncoderModel.Open("plain", ModelFolder.Read(model), [], null, Options());
        Feed feed = Goldens.Instance.Cases("token_prepending").First(c => c.Model == "llama").Feeds().Single(f => f.Name == "tp4_right").Feed;
        float[][] expected = Run(plain, feed, _ => -1), off = Run(prepended, feed, _ => -1), mixed = Run(prepended, feed, row => row == 0 ? 1 : -1);
        for (int row = 0; row < feed.Rows; row++)
        {
            off[row].ShouldBe(expected[row]);
        }
        mixed[1..].ShouldBe(expected[1..]);
        Near.Largest(mixed[0], expected[0]).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public async Task A_folder_puts_the_placeholder_of_its_template_before_every_text()
    {
        string folder = Served("""{"pass":"tokenPrepending","placeholder":"<unk>"}""");
        string[] texts = ["the cat sat on the other mat", "", "a <unk> in the text"];
        using LocalEncoder encoder = Load(folder);
        EncoderDescription model = await encoder.DescribeAsync(null, TestContext.Current.CancellationToken);
        model.Space.DocumentTemplate.ShouldBe("this sentence : <unk> \"{title} {text}\" means in one word:\"");
        EmbedResult documents = await encoder.EmbedAsync(new EmbedRequest(texts, InputKind.Document), TestContext.Current.CancellationToken);
        (await encoder.EmbedAsync(new EmbedRequest(texts, InputKind.Query), TestContext.Current.CancellationToken)).Vectors.ShouldBe(documents.Vectors);
        using ModelRun reference = new(new TokenPrepending().Apply(OnnxModel.Read(Path.Combine(_folder["model"], "model.onnx"))));
        for (int i = 0; i < texts.Length; i++)
        {
            long[] before = DecoderFolder.Ids("this sentence : ")[..^1];
            string rest = $" \"{texts[i]}\" means in one word:\"";
            long[] after = [.. rest.Split("<unk>").SelectMany((part, p) => (long[])[.. p == 0 ? [] : new long[] { 0 }, .. DecoderFolder.Ids(part)[1..^1]]), 2];
            long[] ids = [.. before, 0, .. after], mask = new long[ids.Length];
            mask[before.Length] = 1;
            documents.Tokens[i].ShouldBe(ids.Length, texts[i]);
            Feed feed = new(1, ids, [.. ids.Select(_ => 1L)], null) { More = new() { [ModelInputs.Placeholder] = (mask, [1, mask.Length]) } };
            float[] last = reference.Floats(feed, "last_hidden_state").Values[^Width..];
            Kernels.Normalize(last).ShouldBeTrue();
            Near.Largest(documents.Vectors[i], last).ShouldBeLessThan(1e-5, texts[i]);
        }
    }

    [Fact]
    public async Task A_long_text_is_cut_and_the_words_behind_it_are_not()
    {
        string folder = Served("""{"pass":"tokenPrepending","placeholder":"<unk>"}""");
        using LocalEncoder encoder = Load(folder);
        string end = "\" means in one word:\"", text = string.Concat(Enumerable.Range(0, 100).Select(i => $"the {i} "));
        int room = 128 - DecoderFolder.Ids("this sentence : ").Length - 1 - DecoderFolder.Ids($" \"{end}").Length + 2;
        EmbedResult cut = await encoder.EmbedAsync(new EmbedRequest([text], InputKind.Document), TestContext.Current.CancellationToken);
        cut.Tokens[0].ShouldBe(128);
        // What is kept is a text of just as many tokens.
        int kept = Enumerable.Range(1, text.Length).Last(n => DecoderFolder.Ids(text[..n]).Length - 2 <= room);
        (await encoder.EmbedAsync(new EmbedRequest([text[..kept]], InputKind.Document), TestContext.Current.CancellationToken)).Vectors[0].ShouldBe(cut.Vectors[0]);
        (await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest([text], InputKind.Document, Truncate: false), TestContext.Current.CancellationToken))).Problem.Limit.ShouldBe("128 tokens");
    }

    [Theory]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"zz"}""", "a zz {text}", "placeholder 'zz', which is not one token")]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"<unk>"}""", "this: {text}", "does not stand once, and before {text}")]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"<unk>"}""", "{text} <unk>", "does not stand once, and before {text}")]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"<unk>"}""", "<unk> <unk> {text}", "does not stand once, and before {text}")]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"<unk>","start":4}""", Template, "layer 4 does not exist")]
    [InlineData("""{"pass":"tokenPrepending","placeholder":"<unk>","start":2,"exit":1}""", Template, "are no range")]
    public void What_does_not_fit_is_refused(string pass, string template, string expected) => Refusal(Served(pass, template)).ShouldContain(expected);

    [Fact]
    public void An_encoder_that_sees_both_ways_and_a_template_that_fills_the_model_are_refused()
    {
        string bert = TinyModel.Write(_folder["bert"]);
        File.WriteAllText(Path.Combine(bert, "retrieval.json"), $$"""{"version":1,"passes":[{"pass":"tokenPrepending","placeholder":"[UNK]"}],"template":"[UNK] {text}"}""");
        Refusal(bert).ShouldContain("the method is for causal decoders");
        Refusal(Served("""{"pass":"tokenPrepending","placeholder":"<unk>"}""", $"<unk> {new string('x', 130)} {{text}} x")).ShouldContain("leaves none of its 128 to a text");
    }

    [Fact]
    public void A_calibration_on_texts_refuses_a_graph_with_a_cache_and_says_why()
    {
        string model = DecoderFolder.Write(_folder["model"], "genai-gqa", unitLength: true);
        File.WriteAllLines(Path.Combine(model, "texts.txt"), ["the cat", "sat"]);
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"passes":[{"pass":"int8","texts":"texts.txt"}]}""");
        Refusal(model).ShouldContain("calibration on texts feeds their tokens alone, and the model wants input 'past_key_values.");
        File.WriteAllText(Path.Combine(model, "retrieval.json"), """{"version":1,"passes":[{"pass":"int8"}]}""");
        Load(model).Dispose();
    }

    private string Served(string passes, string template = Template)
    {
        if (!Directory.Exists(_folder["model"]))
        {
            DecoderFolder.Write(_folder["model"], Forms[0], unitLength: true);
        }
        Directory.CreateDirectory(_folder["served"]);
        File.WriteAllText(Path.Combine(_folder["served"], "retrieval.json"), $$"""{"version":1,"model":"../model","passes":[{{passes}}],"template":{{JsonSerializer.Serialize(template)}}}""");
        return _folder["served"];
    }

    private EncoderModel Open(string model, string passes)
    {
        Directory.CreateDirectory(_folder["passes"]);
        File.WriteAllText(Path.Combine(_folder["passes"], "retrieval.json"), $$"""{"version":1,"passes":[{{passes}}]}""");
        return EncoderModel.Open("decoder", ModelFolder.Read(model), RetrievalFile.Read(_folder["passes"]).Passes, null, Options());
    }

    private EncoderOptions Options(params string[] folders) => TinyModel.Options(_folder["compiled"], folders);

    private LocalEncoder Load(string folder) => LocalEncoder.Load(Options(folder), NullLogger.Instance);

    private string Refusal(string folder) => Should.Throw<RetrievalException>(() => Load(folder).Dispose()).Message;

    private static float[][] Run(EncoderModel model, Feed feed, Func<int, int> column)
    {
        List<TextWork> batch = [.. Enumerable.Range(0, feed.Rows).Select(row => new TextWork(Tokens(feed.Single(row)), false, 0, CancellationToken.None) { Placeholder = column(row) })];
        model.Run(batch, new BatchBuffers());
        return [.. batch.Select(t => t.Done.Task.Result)];
    }

    private static Encoding Tokens(Feed text) => new([.. text.Ids.Select(i => (int)i)], new int[text.Columns], new int[text.Columns], new int[text.Columns], new bool[text.Columns]);
}
