using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.Onnx.Wire;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Onnx;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder;

/// <summary>Decoder exports as encoders: with positions, with a cache, and with neither.</summary>
public sealed class DecoderTests : IDisposable
{
    private const int Width = 64;
    private const string Positions = "ts-eager-14-posids", Cache = "genai-gqa", Plain = "ts-sdpa-17";
    private static readonly string[] Texts = ["the cat sat on the other mat", "é", "", "north by northwest, 1959: thither!", "path"];
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Forms => [Positions, Cache, Plain];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void States_are_the_reference_s_and_a_batch_is_its_texts_alone(string form)
    {
        using EncoderModel model = Open(DecoderFolder.Write(_folder["model"], form, unitLength: false));
        Goldens goldens = Goldens.Instance;
        foreach (string batch in (string[])["right5", "single16"])
        {
            GoldenCase golden = goldens.Cases("base").Single(c => c.Id == $"llama/base/{batch}");
            Feed feed = golden.Feeds().First().Feed;
            float[] expected = golden.Floats($"base.{batch}.last_hidden_state");
            float[][] last = Run(model, feed, wantsTokens: false), tokens = Run(model, feed, wantsTokens: true);
            for (int row = 0, from = 0; row < feed.Rows; from += feed.Lengths[row++])
            {
                float[] own = expected[(from * Width)..((from + feed.Lengths[row]) * Width)];
                Near.Largest(last[row], own.AsSpan(own.Length - Width)).ShouldBeLessThan(golden.Tolerance, $"{form} {batch} {row}");
                Near.Largest(tokens[row], UnitLengths(own)).ShouldBeLessThan(golden.Tolerance, $"{form} {batch} {row}");
                Feed alone = feed.Single(row);
                Near.Largest(Run(model, alone, wantsTokens: false)[0], last[row]).ShouldBeLessThan(2e-5, $"{form} {batch} {row}");
                Near.Largest(Run(model, alone, wantsTokens: true)[0], tokens[row]).ShouldBeLessThan(2e-6, $"{form} {batch} {row}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_folder_is_served_with_the_last_token_s_state(string form)
    {
        using LocalEncoder encoder = LocalEncoder.Load(Options(DecoderFolder.Write(_folder["model"], form, unitLength: true)), NullLogger.Instance);
        EmbedResult result = await encoder.EmbedAsync(new EmbedRequest(Texts), TestContext.Current.CancellationToken);
        (await encoder.DescribeAsync(null, TestContext.Current.CancellationToken)).Space.ShouldSatisfyAllConditions(s => s.Pooling.ShouldBe("lasttoken"), s => s.Dimensions.ShouldBe(Width));
        using ModelRun reference = new(OnnxModel.Read(Path.Combine(_folder["model"], "model.onnx")));
        for (int i = 0; i < Texts.Length; i++)
        {
            long[] ids = DecoderFolder.Ids(Texts[i]);
            result.Tokens[i].ShouldBe(ids.Length, Texts[i]);
            float[] last = reference.Floats(new Feed(1, ids, [.. ids.Select(_ => 1L)], null), form == Cache ? "hidden_states" : "last_hidden_state").Values[^Width..];
            Near.Largest(result.Vectors[i], UnitLengths(last)).ShouldBeLessThan(1e-5, Texts[i]);
        }
    }

    [Fact]
    public void Positions_that_are_fed_decide_the_states()
    {
        // The other graph has every token at position 0: rotary attention then sees no distances.
        using EncoderModel model = Open(DecoderFolder.Write(_folder["model"], Positions, unitLength: true)), other = Open(DecoderFolder.Write(_folder["other"], Positions, unitLength: true, WithoutPositions));
        Feed feed = new(1, DecoderFolder.Ids(Texts[0]), [.. DecoderFolder.Ids(Texts[0]).Select(_ => 1L)], null);
        Near.Largest(Run(model, feed, false)[0], Run(other, feed, false)[0]).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public void A_cache_in_half_precision_is_fed_in_half_precision()
    {
        using EncoderModel model = Open(DecoderFolder.Write(_folder["model"], Plain, unitLength: false)),
            cached = Open(DecoderFolder.Write(_folder["cached"], Plain, unitLength: false, m => m.Graph.Input.Add(Value("past_key_values.0.key", 10, "rows", 2, "past", 16))));
        Feed feed = new(1, DecoderFolder.Ids(Texts[0]), [.. DecoderFolder.Ids(Texts[0]).Select(_ => 1L)], null);
        Run(cached, feed, false)[0].ShouldBe(Run(model, feed, false)[0]);
    }

    [Fact]
    public void What_is_neither_is_refused_by_name()
    {
        Refusal(Value("use_cache_branch", 9, 1)).ShouldContain("'use_cache_branch' of element type 9 and shape (1)");
        Refusal(Value("position_ids", 7, 3, "rows", "tokens")).ShouldContain("'position_ids' of element type 7 and shape (3, rows, tokens)");
        Refusal(Value("past_key_values.0.key", 7, "rows", 2, "past", 16)).ShouldContain("a cache is fed empty, as float (1) or float16 (10)");
        Refusal(Value("past_key_values.0.key", 1, "rows", 2, 8, 16)).ShouldContain("shape (rows, 2, 8, 16)");
        Refusal(Value("past_key_values.0.key", 1, "rows", "heads", "past", "width"), """{"hidden_size":64}""").ShouldContain("Add num_key_value_heads and head_dim");
        Refusal(Value("position_ids", 7, "rows", "tokens"), """{"model_type":"xlm-roberta"}""").ShouldContain("models of type 'xlm-roberta' number them from behind their pad id");
    }

    [Fact]
    public void Scores_of_words_are_no_states() =>
        Should.Throw<ModelFormatException>(() => Open(DecoderFolder.Write(_folder["model"], Plain, false, m =>
        {
            m.Graph.Node.Single(n => n.Output.Contains("last_hidden_state")).Output[0] = "logits";
            m.Graph.Output.Single().Name = "logits";
        }))).Message.ShouldContain("has no float output of token states; its outputs are logits(");

    private string Refusal(ValueInfoProto input, string config = "{}") =>
        Should.Throw<ModelFormatException>(() => Open(DecoderFolder.Write(_folder["refused"], Plain, false, m => m.Graph.Input.Add(input), config))).Message;

    private EncoderOptions Options(string folder) => new() { Models = [new ModelOptions { Path = folder }], Provider = "cpu", Threads = 1, CompiledFolder = _folder["compiled"], CacheBytes = 0 };

    private EncoderModel Open(string folder) => EncoderModel.Open("decoder", ModelFolder.Read(folder), [], null, Options(folder));

    private static float[][] Run(EncoderModel model, Feed feed, bool wantsTokens)
    {
        List<TextWork> batch = [.. Enumerable.Range(0, feed.Rows).Select(row => new TextWork(Tokens(feed.Single(row)), wantsTokens, 0, CancellationToken.None))];
        using BatchBuffers buffers = new();
        model.Run(batch, buffers);
        return [.. batch.Select(t => t.Done.Task.Result)];
    }

    private static Encoding Tokens(Feed text) => new([.. text.Ids.Select(i => (int)i)], new int[text.Columns], new int[text.Columns], new int[text.Columns], new bool[text.Columns]);

    private static float[] UnitLengths(float[] states)
    {
        float[] units = [.. states];
        for (int i = 0; i < units.Length; i += Width)
        {
            Kernels.Normalize(units.AsSpan(i, Width)).ShouldBeTrue();
        }
        return units;
    }

    /// <summary>Every token at position 0.</summary>
    private static void WithoutPositions(ModelProto model)
    {
        foreach (NodeProto node in model.Graph.Node)
        {
            for (int i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == "position_ids" ? "no_positions" : node.Input[i];
            }
        }
        model.Graph.Node.Insert(0, new NodeProto { OpType = "Sub", Input = { "position_ids", "position_ids" }, Output = { "no_positions" } });
    }

    private static ValueInfoProto Value(string name, int type, params object[] axes)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(axes.Select(a => a is int size ? new TensorShapeProto.Types.Dimension { DimValue = size } : new TensorShapeProto.Types.Dimension { DimParam = (string)a }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } };
    }
}
