using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Onnx;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Variants;

/// <summary>Tiers of a model as they are served: by name, by load, and refused.</summary>
public sealed class TierTests : IDisposable
{
    private const string Exit2 = """[{"pass":"exit","layer":2}]""";
    private static readonly string[] Few = TinyModel.Texts(6, 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tier_that_is_named_gives_the_exit_s_vectors_and_says_so()
    {
        using LocalEncoder tiered = Load(TieredModel.Write(_folder)), exit = Load(Exit(Exit2)), full = Load(TinyModel.Write(_folder["full"]));
        EmbedResult two = await QueryAsync(tiered, "L2"), four = await QueryAsync(tiered, "L4");
        (two.Tier, four.Tier).ShouldBe(("L2", "L4"));
        Near(two.Vectors, (await QueryAsync(exit, null)).Vectors);
        Near(four.Vectors, (await QueryAsync(full, null)).Vectors);
        two.Vectors[0].Zip(four.Vectors[0]).Max(p => Math.Abs(p.First - p.Second)).ShouldBeGreaterThan(1e-3f);
        two.Space.ShouldBe(four.Space);
    }

    [Fact]
    public async Task The_space_and_the_documents_are_those_of_the_model_without_tiers()
    {
        using LocalEncoder tiered = Load(TieredModel.Write(_folder)), full = Load(TinyModel.Write(_folder["full"]));
        EncoderDescription model = await tiered.DescribeAsync(null, CancellationToken.None);
        model.Space.ShouldBe((await full.DescribeAsync(null, CancellationToken.None)).Space);
        model.Tiers.ShouldNotBeNull().Select(t => (t.Name, t.Layer, t.Dimensions, t.IsByLoad)).ShouldBe([("L4", null, 64, true), ("L3", 3, 64, true), ("L2", 2, 64, true)]);
        model.Tiers[1].RecallKept.ShouldNotBeNull().ShouldBeInRange(0.1, 1);
        EmbedResult document = await tiered.EmbedAsync(new EmbedRequest(Few, InputKind.Document), CancellationToken.None);
        document.Tier.ShouldBeNull();
        Near(document.Vectors, (await full.EmbedAsync(new EmbedRequest(Few, InputKind.Document), CancellationToken.None)).Vectors);
        (await tiered.EmbedAsync(new EmbedRequest(Few), CancellationToken.None)).Vectors.ShouldBe(document.Vectors);
    }

    [Fact]
    public async Task A_model_without_tiers_has_one_and_names_it()
    {
        using LocalEncoder encoder = Load(TinyModel.Write(_folder["model"]));
        (await encoder.DescribeAsync(null, CancellationToken.None)).Tiers.ShouldNotBeNull().Select(t => t.Name).ShouldBe(["full"]);
        (await QueryAsync(encoder, null)).Tier.ShouldBe("full");
        (await QueryAsync(encoder, "full")).Tier.ShouldBe("full");
    }

    [Fact]
    public async Task Dimensions_of_a_tier_are_the_first_numbers_at_unit_length_and_load_never_chooses_them()
    {
        using LocalEncoder encoder = Load(TieredModel.Write(_folder, "model", 16));
        EmbedResult whole = await QueryAsync(encoder, "L2"), cut = await QueryAsync(encoder, "L2xD16");
        for (int i = 0; i < Few.Length; i++)
        {
            float[] expected = whole.Vectors[i][..16];
            Kernels.Normalize(expected).ShouldBeTrue();
            cut.Vectors[i].ShouldBe(expected);
        }
        (await encoder.DescribeAsync(null, CancellationToken.None)).Tiers!.Where(t => t.IsByLoad).Select(t => t.Name).ShouldBe(["L4", "L3", "L2"]);
    }

    [Fact]
    public async Task An_unknown_tier_and_one_for_documents_or_tokens_are_refused()
    {
        using LocalEncoder encoder = Load(TieredModel.Write(_folder));
        Problem unknown = (await Should.ThrowAsync<RetrievalException>(() => QueryAsync(encoder, "L9"))).Problem;
        (unknown.Kind, unknown.Field, unknown.Value, unknown.Limit).ShouldBe((ErrorKind.Invalid, "tier", "L9", "L4, L3, L2"));
        (await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(new EmbedRequest(Few, InputKind.Document, Tier: "L2"), CancellationToken.None))).Message.ShouldContain("always encoded at full depth");
        (await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedTokensAsync(new EmbedRequest(Few, InputKind.Query, Tier: "L2"), CancellationToken.None))).Message.ShouldContain("at full depth alone");
        (await encoder.EmbedAsync(new EmbedRequest(Few, InputKind.Raw, Tier: "L2"), CancellationToken.None)).Tier.ShouldBe("L2");
    }

    [Fact]
    public void An_exit_that_there_is_not_and_a_prefix_that_is_too_long_are_refused()
    {
        string model = TieredModel.Write(_folder, "model", 16);
        Change(model, q => q[1]!["passes"]![0]!["layer"] = 5);
        Refusal(model).ShouldContain("exit 5 does not exist; the model has layers 1 to 4");
        model = TieredModel.Write(_folder, "prefix", 16);
        Change(model, q => q[2]!["dimensions"] = 65);
        Refusal(model).ShouldContain("asks for 65 dimensions of vectors that have 64");
        Should.Throw<RetrievalException>(() => TieredModel.Admit(_folder, TinyModel.Write(_folder["plain"]), [4], [])).Message.ShouldContain("A tier cannot leave after layer 4: the model has 4.");
        Should.Throw<RetrievalException>(() => TieredModel.Admit(_folder, _folder["plain"], [], [65])).Message.ShouldContain("asks for 65 dimensions of vectors that have 64");
    }

    [Fact]
    public void A_measurement_of_other_bytes_is_refused()
    {
        string model = TieredModel.Write(_folder);
        Change(model, q => q[2]!["passes"]![0]!["layer"] = 1);
        Refusal(model).ShouldContain("admits 'L2' as measured for documents of space");
        model = TieredModel.Write(_folder, "other");
        string graph = Path.Combine(model, "onnx", "model.onnx");
        byte[] bytes = File.ReadAllBytes(graph);
        bytes[bytes.Length / 2 / 4 * 4] ^= 1;
        File.WriteAllBytes(graph, bytes);
        Refusal(model).ShouldContain("Measure again with 'retrieval model tiers'");
    }

    [Fact]
    public void A_deeper_exit_behind_a_shallower_one_and_a_default_that_is_a_prefix_are_refused()
    {
        string model = TieredModel.Write(_folder, "model", 16);
        Change(model, q =>
        {
            JsonNode deep = q[1]!;
            q.RemoveAt(1);
            q.Add(deep);
        });
        Refusal(model).ShouldContain("lists query variant 'L3', which leaves after layer 3, behind 'L2'");
        model = TieredModel.Write(_folder, "prefix", 16);
        JsonObject root = Read(model);
        root["default"] = "L2xD16";
        File.WriteAllText(Path.Combine(model, "retrieval.json"), root.ToJsonString());
        Refusal(model).ShouldContain("default query variant 'L2xD16' of 16 dimensions");
    }

    [Fact]
    public async Task Waiting_queries_shed_depth_and_a_full_queue_goes_down_before_anyone_is_refused()
    {
        using LocalEncoder encoder = LocalEncoder.Load(new EncoderOptions
        {
            Models = [new ModelOptions { Path = TieredModel.Write(_folder) }], Provider = "cpu", Threads = 1, CompiledFolder = _folder["compiled"], ShedTokens = 1_000_000, ShedSeconds = 0, QueueTokens = 4_000, BatchTokens = 64, CacheBytes = 0,
        }, NullLogger.Instance);
        await QueryAsync(encoder, null);
        string[] many = TinyModel.Texts(400, 3);
        Task<EmbedResult>[] asked = [.. Enumerable.Range(0, 60).Select(_ => encoder.EmbedAsync(new EmbedRequest(many, InputKind.Query), CancellationToken.None))];
        List<string?> answered = [];
        int refused = 0;
        foreach (Task<EmbedResult> one in asked)
        {
            try
            {
                answered.Add((await one).Tier);
            }
            catch (RetrievalException e) when (e.Problem.Kind == ErrorKind.Overloaded)
            {
                refused++;
            }
        }
        answered.ShouldContain("L3");
        answered.ShouldContain("L2");
        refused.ShouldBeGreaterThan(0, "all queues are full at last");
        (await QueryAsync(encoder, null)).Tier.ShouldBe("L4", "once nothing waits");
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(999, 0, 0)]
    [InlineData(1_000, 0, 1)]
    [InlineData(2_500, 0, 2)]
    [InlineData(90_000, 0, 2)]
    [InlineData(0, 0.49, 0)]
    [InlineData(0, 0.5, 1)]
    [InlineData(1_000, 60, 2)]
    public void Depth_follows_waiting_tokens_and_the_oldest_query(long tokens, double seconds, int expected)
    {
        EncoderOptions options = new() { ShedTokens = 1_000, ShedSeconds = 0.5 };
        TierChoice.Depth(3, [new QueueState(1, tokens / 2, 0), new QueueState(1, tokens - tokens / 2, seconds)], options).ShouldBe(expected);
        TierChoice.Depth(3, [new QueueState(1, tokens, seconds)], new EncoderOptions { ShedTokens = 0, ShedSeconds = 0 }).ShouldBe(0);
    }

    [Theory]
    [InlineData(0, LogLevel.Warning, "opened when they are first asked for")]
    [InlineData(1000, LogLevel.Information, "share one copy of the weights")]
    public async Task Tiers_over_the_memory_limit_are_opened_on_demand_and_the_log_says_which_it_is(double limit, LogLevel level, string said)
    {
        LinesLogger lines = new();
        using LocalEncoder encoder = LocalEncoder.Load(new EncoderOptions { Models = [new ModelOptions { Path = TieredModel.Write(_folder) }], Provider = "cpu", Threads = 1, CompiledFolder = _folder["compiled"], TierMemory = limit }, lines);
        lines.Lines.ShouldContain(l => l.Level == level && l.Text.Contains(said, StringComparison.Ordinal), string.Join('\n', lines.Lines));
        EmbedResult two = await QueryAsync(encoder, "L2"), again = await QueryAsync(encoder, "L2");
        two.Tier.ShouldBe("L2");
        again.Vectors.ShouldBe(two.Vectors);
    }

    [Fact]
    public async Task Shared_weights_that_were_cut_or_changed_are_made_again()
    {
        string model = TieredModel.Write(_folder);
        EmbedResult before;
        using (LocalEncoder encoder = Load(model))
        {
            before = await QueryAsync(encoder, "L2");
        }
        string weights = Directory.GetFiles(_folder["compiled"], "graph.weights", SearchOption.AllDirectories).ShouldHaveSingleItem();
        byte[] whole = File.ReadAllBytes(weights);
        foreach (byte[] damaged in (byte[][])[whole[..(whole.Length / 2)], [.. whole[..100], (byte)(whole[100] ^ 1), .. whole[101..]]])
        {
            File.WriteAllBytes(weights, damaged);
            using LocalEncoder encoder = Load(model);
            (await QueryAsync(encoder, "L2")).Vectors.ShouldBe(before.Vectors);
            File.ReadAllBytes(weights).ShouldBe(whole);
        }
    }

    [Fact]
    public async Task Variants_that_change_the_prompt_alone_need_no_measurement_and_share_the_model()
    {
        string model = TinyModel.Write(_folder["model"]), word = TinyModel.Words[7], end = TinyModel.Words[9];
        File.WriteAllText(Path.Combine(model, "retrieval.json"), $$"""{"version":1,"queries":[{"name":"plain"},{"name":"asked","template":"{{word}} {text} {{end}}"}]}""");
        using LocalEncoder encoder = Load(model);
        EmbedResult asked = await QueryAsync(encoder, "asked"), spelled = await encoder.EmbedAsync(new EmbedRequest([.. Few.Select(t => $"{word} {t} {end}")]), CancellationToken.None);
        asked.Vectors.ShouldBe(spelled.Vectors);
        asked.Tier.ShouldBe("asked");
        (await encoder.DescribeAsync(null, CancellationToken.None)).Tiers!.Select(t => (t.Name, t.IsByLoad)).ShouldBe([("plain", true), ("asked", false)]);
    }

    [Fact]
    public async Task A_student_and_the_full_model_are_tiers_of_one_space()
    {
        string teacher = TinyModel.Write(_folder["teacher"]), student = TinyModel.Write(_folder["student"], "ts-eager-14.onnx"), pair = _folder["pair"];
        await PairAlignment.RunAsync(new AlignmentRequest(teacher, student, TinyModel.Texts(60, 3), MapKind.None, 0, pair), TinyModel.Options(_folder["compiled"]), () => { }, NullLogger.Instance, CancellationToken.None);
        Change(pair, q => q.Insert(0, new JsonObject { ["name"] = "teacher" }));
        using LocalEncoder served = Load(pair), alone = Load(student);
        (await QueryAsync(served, null)).Tier.ShouldBe("teacher");
        Near((await QueryAsync(served, "student")).Vectors, (await QueryAsync(alone, null)).Vectors);
        (await served.DescribeAsync(null, CancellationToken.None)).Tiers!.Select(t => (t.Name, t.IsByLoad)).ShouldBe([("teacher", true), ("student", true)]);
    }

    private static void Near(IReadOnlyList<float[]> actual, IReadOnlyList<float[]> expected)
    {
        for (int i = 0; i < expected.Count; i++)
        {
            Onnx.Near.Largest(actual[i], expected[i]).ShouldBeLessThan(2e-5, $"text {i}");
        }
    }

    private string Exit(string passes)
    {
        TinyModel.Write(_folder["source"]);
        Directory.CreateDirectory(_folder["exit"]);
        File.WriteAllText(Path.Combine(_folder["exit"], "retrieval.json"), $$"""{"version":1,"model":"../source","passes":{{passes}}}""");
        return _folder["exit"];
    }

    private static JsonObject Read(string model) => JsonNode.Parse(File.ReadAllText(Path.Combine(model, "retrieval.json")))!.AsObject();

    private static void Change(string model, Action<JsonArray> change)
    {
        JsonObject root = Read(model);
        change(root["queries"]!.AsArray());
        File.WriteAllText(Path.Combine(model, "retrieval.json"), root.ToJsonString());
    }

    private string Refusal(string model) => Should.Throw<RetrievalException>(() => Load(model).Dispose()).Message;

    private LocalEncoder Load(string model) => LocalEncoder.Load(TinyModel.Options(_folder["compiled"], model), NullLogger.Instance);

    private static Task<EmbedResult> QueryAsync(LocalEncoder encoder, string? tier) => encoder.EmbedAsync(new EmbedRequest(Few, InputKind.Query, Tier: tier), CancellationToken.None);

    private sealed class LinesLogger : ILogger
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add((logLevel, formatter(state, exception)));
    }
}
