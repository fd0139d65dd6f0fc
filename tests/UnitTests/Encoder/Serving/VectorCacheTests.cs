using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;
using Retrieval.UnitTests.Encoder.Upgrade;
using Retrieval.UnitTests.Encoder.Variants;

namespace Retrieval.UnitTests.Encoder.Serving;

public sealed class VectorCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Within_its_bytes_it_keeps_what_was_used_last()
    {
        const int Room = 10, Width = 100;
        VectorCache cache = new(Room * (Width * sizeof(float) + 280));
        VectorKey[] keys = [.. Enumerable.Range(0, 2 * Room).Select(i => VectorKey.Of("v", 0, TextTemplate.None, $"text {i}"))];
        for (int i = 0; i < keys.Length; i++)
        {
            cache.Find(keys[0], true);
            cache.Add(keys[i], new KeptVector([.. Enumerable.Repeat((float)i, Width)], i, false));
        }
        keys.Count(k => cache.Find(k, true) is not null).ShouldBe(Room);
        cache.Find(keys[0], true)!.Tokens.ShouldBe(0); // asked for all the time
        cache.Find(keys[1], true).ShouldBeNull();
        cache.Find(keys[^1], true)!.Vector[0].ShouldBe(keys.Length - 1);
        cache.Bytes.ShouldBeLessThanOrEqualTo(Room * (Width * sizeof(float) + 280));
        cache.Add(VectorKey.Of("v", 0, TextTemplate.None, "huge"), new KeptVector(new float[100_000], 1, false)); // never fits, and drives nothing out
        keys.Count(k => cache.Find(k, true) is not null).ShouldBe(Room);
    }

    [Fact]
    public void A_caller_that_changes_its_vector_changes_no_other_s()
    {
        VectorCache cache = new(10_000);
        VectorKey key = VectorKey.Of("v", 0, TextTemplate.None, "text");
        float[] own = [1, 2];
        cache.Add(key, new KeptVector(own, 1, false));
        own[0] = 9;
        cache.Find(key, true)!.Vector[1] = 9;
        cache.Find(key, true)!.Vector.ShouldBe([1, 2]);
    }

    [Fact]
    public void Keys_tell_a_template_from_a_text_of_the_same_letters() =>
        new[] { ("", "abc", ""), ("a", "bc", ""), ("ab", "c", ""), ("", "ab", "c"), ("a", "b", "c"), ("ab", "", "c") }
            .Select(t => VectorKey.Of("v", 0, new TextTemplate(t.Item1, t.Item3), t.Item2)).Distinct().Count().ShouldBe(6);

    [Fact]
    public void Models_that_are_cut_from_one_graph_have_names_of_their_own()
    {
        string folder = TinyModel.Write(_folder["model"]);
        EncoderOptions options = TinyModel.Options(_folder["compiled"], folder);
        using OpenedModel opened = OpenedModel.Plain(ModelPlan.Read(options.Models[0]), isCut: true, options);
        EncoderModel Cut(string passes)
        {
            File.WriteAllText(Path.Combine(folder, "retrieval.json"), $$"""{"version":1,"passes":[{{passes}}]}""");
            return OpenedModel.Over(opened.Weights!, new ModelParts("m", opened.Documents.Folder, [], opened.Documents.Tokenizer, null), RetrievalFile.Read(folder).Passes);
        }
        using EncoderModel half = Cut("""{"pass":"tempScale","temperature":0.5}"""), twice = Cut("""{"pass":"tempScale","temperature":2}"""), exit = Cut("""{"pass":"exit","layer":2}""");
        half.Description.Space.Id.ShouldBe(twice.Description.Space.Id, "one file of weights");
        ((string[])[opened.Documents.Identity, half.Identity, twice.Identity, exit.Identity]).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public async Task What_decides_a_vector_decides_which_kept_one_answers()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        string model = TinyModel.Write(_folder["model"]), before = TinyModel.Words[7], after = TinyModel.Words[9];
        File.WriteAllText(Path.Combine(model, "config.json"), """{"hidden_size":64,"max_position_embeddings":64,"matryoshka_dimensions":[16,32]}""");
        File.WriteAllText(Path.Combine(model, "config_sentence_transformers.json"), """{"prompts":{"query":"Instruct: aa\nab: ","other":"ac "}}""");
        TieredModel.Admit(_folder, model, [3, 2], [16]);
        string file = Path.Combine(model, "retrieval.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
        json["queries"]!.AsArray().Add(new JsonObject { ["name"] = "asked", ["template"] = $"{before} {{text}} {after}" });
        File.WriteAllText(file, json.ToJsonString());

        // Longer than the model reads, so that it matters which end is cut.
        string text = string.Join(' ', Enumerable.Range(20, 100).Select(i => TinyModel.Words[i]));
        EmbedRequest query = new([text], InputKind.Query), raw = new([text]);
        EmbedRequest[] requests =
        [
            query, query with { Tier = "L3" }, query with { Tier = "L2" }, query with { Tier = "L2xD16" }, query with { Tier = "asked" }, query with { Prompt = "ad " }, query with { PromptName = "other" }, query with { Instruction = "af" },
            query with { Dimensions = 16 }, query with { Dimensions = 32 }, query with { Normalize = false }, query with { CutStart = true }, raw, raw with { Texts = [$"{before} {text} {after}"] }, raw with { Tier = "L3" },
        ];
        using LocalEncoder kept = Load(model, 1_000_000), fresh = Load(model, 0);
        List<float[]> computed = [];
        foreach (EmbedRequest request in requests)
        {
            computed.Add((await fresh.EmbedAsync(request, none)).Vectors[0]);
        }
        computed.Select(v => string.Join(' ', v)).Distinct().Count().ShouldBe(requests.Length, "every request asks for another vector");
        for (int i = 0; i < 3 * requests.Length; i++)
        {
            int at = i < 2 * requests.Length ? i % requests.Length : 3 * requests.Length - 1 - i; // the other way round at last
            (await kept.EmbedAsync(requests[at], none)).Vectors[0].ShouldBe(computed[at], $"{requests[at]}");
        }
    }

    [Fact]
    public void Keys_differ_by_variant_instruction_and_text() =>
        new[] { VectorKey.Of("a", 0, TextTemplate.None, "t"), VectorKey.Of("b", 0, TextTemplate.None, "t"), VectorKey.Of("a", 1, TextTemplate.None, "t"), VectorKey.Of("a", 0, TextTemplate.None, "T"), VectorKey.Of("a", 0, TextTemplate.None, "\ud800"), VectorKey.Of("a", 0, TextTemplate.None, "\ufffd") }.Distinct().Count().ShouldBe(6);

    [Fact]
    public async Task A_text_that_comes_again_has_the_same_bits_and_is_not_computed_again()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        using LocalEncoder kept = Load(1_000_000), fresh = Load(0);
        string[] texts = ["w1 w2", "w3", "w1 w2 w3 w4"];
        EmbedResult first = await kept.EmbedAsync(new EmbedRequest(texts), none), again = await kept.EmbedAsync(new EmbedRequest(["w5", .. texts, "w6"]), none), computed = await fresh.EmbedAsync(new EmbedRequest(["w5", .. texts, "w6"]), none);
        again.Vectors.Skip(1).Take(3).ShouldBe(first.Vectors);
        again.Vectors.ShouldBe(computed.Vectors);
        again.Tokens.ShouldBe(computed.Tokens);

        string longer = string.Join(' ', Enumerable.Repeat("w1", 600));
        (await kept.EmbedAsync(new EmbedRequest([longer]), none)).Tokens[0].ShouldBe(512);
        (await Should.ThrowAsync<RetrievalException>(() => kept.EmbedAsync(new EmbedRequest([longer], Truncate: false), none))).Problem.Kind.ShouldBe(ErrorKind.Invalid);
    }

    private LocalEncoder Load(string model, long bytes) => LocalEncoder.Load(
        new EncoderOptions { Models = [new ModelOptions { Path = model }], Provider = "cpu", Threads = 1, CompiledFolder = _folder["compiled"], CacheBytes = bytes }, NullLogger.Instance);

    private LocalEncoder Load(long bytes) => LocalEncoder.Load(
        new EncoderOptions { Models = [new ModelOptions { Path = TableModel.Write(_folder[$"m{bytes}"]) }], Provider = "cpu", Threads = 1, CacheBytes = bytes }, NullLogger.Instance);
}
