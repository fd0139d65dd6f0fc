using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Compression;

public sealed class SentenceCompressorTests
{
    private static readonly CompressionOptions Options = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_context_keeps_the_budget_maps_back_exactly_and_is_what_a_plain_greedy_choice_gives(int seed)
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        Random random = new(seed);
        RandomText texts = new(random);
        ScriptedEncoder encoder = new(RealTokenizer.Describe(tokenizer));
        SentenceCompressor compressor = Compressor(encoder);
        for (int i = 0; i < 700; i++)
        {
            CompressRequest request = new(texts.Sentence(10), [.. Enumerable.Range(0, random.Next(0, 12)).Select(_ => texts.Text(random.Next(0, 10)))], random.Next(1, random.Next(2) == 0 ? 40 : 600));
            string because = $"seed {seed}, request {i}, budget {request.MaxTokens}";
            CompressResult result = await compressor.CompressAsync(request, default);
            result.Tokens.ShouldBeLessThanOrEqualTo(request.MaxTokens, because);
            result.Tokens.ShouldBe(tokenizer.Count(result.Text), because);
            CheckSpans(request, result, because);
            result.Kept.ShouldBe(await GreedyAsync(request, encoder, tokenizer), because);
        }
    }

    [Fact]
    public async Task A_budget_too_small_for_any_sentence_gives_an_empty_context()
    {
        SentenceCompressor compressor = Compressor(new ScriptedEncoder(RealTokenizer.Describe(RealTokenizer.Shipped)));
        foreach (int budget in (int[])[1, 2, 3, 4])
        {
            CompressResult result = await compressor.CompressAsync(new CompressRequest("query", ["Four words are here."], budget), default);
            (result.Text, result.Tokens, result.Kept.Count).ShouldBe(("", 0, 0));
        }
        (await compressor.CompressAsync(new CompressRequest("query", ["Four words are here."], 8), default)).Text.ShouldBe("[1] Four words are here.");
        foreach (string[] passages in (string[][])[[], [""], [" \n ", ""]])
        {
            (await compressor.CompressAsync(new CompressRequest("query", passages, 100), default)).Text.ShouldBe("");
        }
    }

    [Fact]
    public async Task Limits_are_errors_that_name_field_value_and_limit()
    {
        SentenceCompressor compressor = Compressor(new ScriptedEncoder(RealTokenizer.Describe(RealTokenizer.Shipped)));
        foreach (int budget in (int[])[0, -1, int.MinValue, Options.MaxTokens + 1])
        {
            Problem problem = (await Should.ThrowAsync<RetrievalException>(() => compressor.CompressAsync(new CompressRequest("query", ["text"], budget), default))).Problem;
            (problem.Kind, problem.Field, problem.Value, problem.Limit).ShouldBe((ErrorKind.Invalid, "maxTokens", $"{budget}", $"1 to {Options.MaxTokens}"));
        }
        Problem many = (await Should.ThrowAsync<RetrievalException>(() => compressor.CompressAsync(new CompressRequest("query", [.. Enumerable.Repeat("text", 101)], 10), default))).Problem;
        (many.Kind, many.Field, many.Value, many.Limit).ShouldBe((ErrorKind.TooLarge, "passages", "101", "100"));
    }

    [Fact]
    public async Task Sentences_over_the_bound_are_left_out_from_the_last_passages_and_the_encoder_sees_each_side_as_what_it_is()
    {
        ScriptedEncoder encoder = new(RealTokenizer.Describe(RealTokenizer.Shipped));
        string[] passages = [.. Enumerable.Range(0, 50).Select(p => string.Join(' ', Enumerable.Range(0, 20).Select(s => $"Passage {p} says {s}.")))];
        CompressResult result = await Compressor(encoder).CompressAsync(new CompressRequest("What is said?", passages, 32_000, "a model"), default);
        result.Kept.ShouldBe(Enumerable.Range(0, 20).Select(p => new KeptSpan(p, 0, passages[p].Length)));
        encoder.Requests.ShouldAllBe(r => r.Model == "a model");
        encoder.Requests.Where(r => r.Kind == InputKind.Query).Single().Texts.ShouldBe(["What is said?"]);
        encoder.Requests.Where(r => r.Kind == InputKind.Raw).Sum(r => r.Texts.Count).ShouldBe(400);
    }

    [Fact]
    public async Task The_sentence_that_holds_the_querys_rare_words_comes_first()
    {
        ScriptedEncoder encoder = new(RealTokenizer.Describe(RealTokenizer.Shipped) with { Space = RealTokenizer.Describe(RealTokenizer.Shipped).Space with { Dimensions = 512 } });
        const string Answer = "The zeppelin weighs forty tons.";
        CompressResult result = await Compressor(encoder).CompressAsync(new CompressRequest("How many tons does the zeppelin weigh?",
            [$"The weather was fine. It rained later. {Answer} The crowd went home."], 12), default);
        result.Text.ShouldBe($"[1] {Answer}");
    }

    [Fact]
    public void Word_overlap_is_a_share_and_rare_words_weigh_more()
    {
        double[] scores = WordOverlap.Score("red RED zebra", ["red apple", "the Zebra", "red zebra", "neither", "red sky"]);
        scores[2].ShouldBe(1, 1e-12);
        scores[3].ShouldBe(0);
        scores[1].ShouldBeGreaterThan(scores[0]);
        scores[0].ShouldBe(scores[4]);
        WordOverlap.Score("?!", ["a", "b"]).ShouldBe([0, 0]);
    }

    private static SentenceCompressor Compressor(ScriptedEncoder encoder) =>
        new(encoder, new SentenceRanking(encoder), RealTokenizer.Cache, Options, NullLogger<SentenceCompressor>.Instance);

    private static void CheckSpans(CompressRequest request, CompressResult result, string because)
    {
        List<string> parts = [];
        for (int n = 0; n < result.Kept.Count; n++)
        {
            KeptSpan span = result.Kept[n];
            KeptSpan? before = n == 0 ? null : result.Kept[n - 1];
            (before is null || before.Passage < span.Passage || (before.Passage == span.Passage && before.End < span.Start)).ShouldBeTrue($"{because}: {before} before {span}");
            parts.Add($"{(before is null ? "" : before.Passage == span.Passage ? " " : "\n")}[{n + 1}] {request.Passages[span.Passage][span.Start..span.End]}");
        }
        result.Text.ShouldBe(string.Concat(parts), because);
    }

    /// <summary>The same choice made plainly: everything is printed and counted for each sentence.</summary>
    private static async Task<List<KeptSpan>> GreedyAsync(CompressRequest request, ScriptedEncoder encoder, Tokenizer tokenizer)
    {
        List<Sentence> sentences = Sentence.Split(request.Passages, Options.MaxSentences), chosen = [];
        double[] scores = sentences.Count == 0 ? [] : await new SentenceRanking(encoder).ScoreAsync(request, sentences, default);
        foreach (int i in Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).ThenBy(i => i))
        {
            if (tokenizer.Count(ContextText.Render(ContextText.Spans(chosen.Append(sentences[i])), request.Passages)) <= request.MaxTokens)
            {
                chosen.Add(sentences[i]);
            }
        }
        return ContextText.Spans(chosen);
    }
}
