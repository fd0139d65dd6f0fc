using System.IO.Compression;
using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Compression;
using Retrieval.Contracts;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Compression;

public sealed class ContextCompressorTests
{
    private static readonly CompressionOptions Options = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, 1)]
    [InlineData("roberta-base", 2)]
    [InlineData("albert", 3)]
    [InlineData("qwen2.5", 4)]
    [InlineData("mistral-7b-v0.1", 5)]
    public async Task Any_context_keeps_the_budget_of_its_tokenizer_and_maps_back_exactly(string? target, int seed)
    {
        using TemporaryFile file = TemporaryFile.Unpack(target is null ? null : Path.Combine(Shared.Require("tokenizers", "real", target), "tokenizer.json.gz"));
        CompressionOptions options = target is null ? Options : new CompressionOptions { Tokenizers = [new TokenizerOptions { Name = target, Path = file.Path }] };
        Tokenizer tokenizer = target is null ? RealTokenizer.Shipped : Tokenizer.Load(file.Path);
        Random random = new(seed);
        RandomText texts = new(random);
        ScriptedEncoder encoder = new(RealTokenizer.Describe(RealTokenizer.Shipped));
        ContextCompressor compressor = Compressor(encoder, options);
        int empty = 0, compressed = 0, pruned = 0;
        for (int i = 0; i < 2_000; i++)
        {
            string[] protect = random.Next(4) == 0 ? [texts.Word()] : [];
            CompressRequest request = new([.. Enumerable.Range(0, random.Next(0, 8)).Select(_ => new CompressPassage(texts.Text(random.Next(0, 6))))], random.Next(1, random.Next(2) == 0 ? 40 : 400),
                random.Next(5) == 0 ? null : texts.Sentence(10), target, protect, null, random.Next(10) == 0 ? true : null);
            string because = $"seed {seed}, request {i}, budget {request.MaxTokens}";
            if (request.Query is { } query && string.IsNullOrWhiteSpace(query))
            {
                continue;
            }
            CompressResult result = await compressor.CompressAsync(request, Cancel);
            result.Tokens.ShouldBeLessThanOrEqualTo(request.MaxTokens, because);
            result.Tokens.ShouldBe(tokenizer.Count(result.Text), because);
            CheckMapping(request, result, because);
            CheckProtected(request, result, because);
            empty += result.Kept.Count == 0 ? 1 : 0;
            compressed += result.Skipped is null ? 1 : 0;
            pruned += result.Kept.Count > result.Citations.Count ? 1 : 0;
        }
        (compressed > 500 && pruned > 20 && empty < 800).ShouldBeTrue($"{compressed} compressed, {pruned} pruned, {empty} empty: the inputs no longer try every rung");
    }

    [Fact]
    public async Task A_budget_below_a_sentence_gives_its_best_fragment_and_says_so()
    {
        ContextCompressor compressor = Compressor(Wide());
        CompressPassage[] passages = [new("The old harbour was rebuilt after the war, although the great zeppelin hangar, which weighed forty tons, was never opened to visitors again by the town.")];
        CompressResult result = await compressor.CompressAsync(new CompressRequest(passages, 12, "Which hangar weighed forty tons?"), Cancel);
        result.Text.ShouldBe("[1] which weighed forty tons");
        result.Citations.Single().Fragment.ShouldBeTrue();
        result.Partial.ShouldNotBeNull().ShouldContain("cut to fragments");
        (await compressor.CompressAsync(new CompressRequest(passages, 2, "Which hangar?"), Cancel)).ShouldSatisfyAllConditions(r => r.Text.ShouldBe(""), r => r.Partial.ShouldNotBeNull().ShouldContain("not even a fragment"));
    }

    [Fact]
    public async Task Passages_that_fit_are_left_alone_and_the_reason_is_told()
    {
        ScriptedEncoder encoder = Wide();
        CompressResult result = await Compressor(encoder).CompressAsync(new CompressRequest([new("Four words are here.", "a"), new("And four are there.", "b")], 50, "query"), Cancel);
        result.Text.ShouldBe("[1] Four words are here.\n[2] And four are there.");
        result.Skipped.ShouldNotBeNull().ShouldContain("fit into the budget");
        (result.Ratio, result.Rungs.Count, encoder.Requests.Count).ShouldBe((1, 0, 0));
        result.Citations.Select(c => (c.N, c.Passage, c.Id)).ShouldBe([(1, 0, "a"), (2, 1, "b")]);
        foreach (string[] passages in (string[][])[[], [""], [" \n ", ""]])
        {
            (await Compressor(encoder).CompressAsync(new CompressRequest([.. passages.Select(p => new CompressPassage(p))], 100, "query"), Cancel)).Text.ShouldBe("");
        }
    }

    [Fact]
    public async Task What_a_token_costs_decides_whether_passages_that_fit_are_shortened()
    {
        CompressPassage[] passages = [new("The zeppelin weighs forty tons."), new("Tomorrow brings rain and cold winds over these northern hills.")];
        CompressRequest request = new(passages, 200, "What weighs the zeppelin in tons?");
        CompressResult paid = await Compressor(Wide(), new CompressionOptions { TokenValueMs = 1000, RelevanceDistance = 0.1 }).CompressAsync(request, Cancel);
        (paid.Skipped, paid.Text).ShouldBe((null, "[1] The zeppelin weighs forty tons."));
        paid.Rungs.Select(r => r.Name).ShouldBe(["passages", "duplicates", "sentences", "words"]);
        ContextCompressor dear = Compressor(Wide(delay: 30), new CompressionOptions { TokenValueMs = 0.0001 });
        (await dear.CompressAsync(request, Cancel)).Skipped.ShouldBeNull(); // nothing was measured yet
        (await dear.CompressAsync(request, Cancel)).Skipped.ShouldNotBeNull().ShouldContain("ms of reading");
    }

    [Fact]
    public async Task Limits_are_errors_that_name_field_value_and_limit()
    {
        ContextCompressor compressor = Compressor(Wide());
        async Task<Problem> ProblemAsync(CompressRequest request) => (await Should.ThrowAsync<RetrievalException>(() => compressor.CompressAsync(request, Cancel))).Problem;
        foreach (int budget in (int[])[0, -1, int.MinValue, Options.MaxTokens + 1])
        {
            Problem problem = await ProblemAsync(new CompressRequest([new("text")], budget, "query"));
            (problem.Kind, problem.Field, problem.Value, problem.Limit).ShouldBe((ErrorKind.Invalid, "maxTokens", $"{budget}", $"1 to {Options.MaxTokens}"));
        }
        Problem many = await ProblemAsync(new CompressRequest([.. Enumerable.Repeat(new CompressPassage("text"), 101)], 10, "query"));
        (many.Kind, many.Field, many.Value, many.Limit).ShouldBe((ErrorKind.TooLarge, "passages", "101", "100"));
        (await ProblemAsync(new CompressRequest(null, 10, "query"))).Field.ShouldBe("passages");
        (await ProblemAsync(new CompressRequest([new("text")], 10, " \n"))).Field.ShouldBe("query");
        CompressionOptions named = new() { Tokenizers = [new TokenizerOptions { Name = "gone", Path = "/nowhere/tokenizer.json" }] };
        Problem gone = (await Should.ThrowAsync<RetrievalException>(() => Compressor(Wide(), named).CompressAsync(new CompressRequest([new("text")], 10, "query", "gone"), Cancel))).Problem;
        (gone.Field, gone.Value).ShouldBe(("tokenizer", "/nowhere/tokenizer.json"));
    }

    [Fact]
    public async Task Of_more_sentences_than_are_ranked_those_with_the_querys_words_are_and_the_answer_says_so()
    {
        ScriptedEncoder encoder = Wide();
        CompressPassage[] passages = [.. Enumerable.Range(0, 50).Select(p => new CompressPassage(string.Join(' ', Enumerable.Range(0, 20).Select(s => $"Passage {p} says {(p == 49 && s == 19 ? "zeppelin" : "word")} {s}."))))];
        CompressResult result = await Compressor(encoder).CompressAsync(new CompressRequest(passages, 60, "Who says zeppelin?", Model: "a model"), Cancel);
        result.Partial.ShouldNotBeNull().ShouldContain("of 1000 sentences the 400");
        result.Text.ShouldContain("Passage 49 says zeppelin 19.");
        encoder.Requests.ShouldAllBe(r => r.Model == "a model");
    }

    [Fact]
    public async Task A_sentence_that_begins_with_a_pronoun_brings_the_one_before_it()
    {
        CompressPassage[] passages = [new("Nobody was there in the spring. Count Ferdinand built the airship by the lake. He sold forty zeppelins to Denmark. The town grew rich and the old hotel was torn down.")];
        CompressResult result = await Compressor(Wide()).CompressAsync(new CompressRequest(passages, 26, "How many zeppelins were sold to Denmark?"), Cancel);
        result.Text.ShouldStartWith("[1] Count Ferdinand built the airship by the lake. He sold forty zeppelins to Denmark.");
    }

    [Fact]
    public async Task Near_duplicates_go_once_and_other_numbers_are_no_duplicates()
    {
        CompressPassage[] passages = [new("The bridge over the wide river was opened in 1912."), new("The bridge over the wide river was opened in 1912!"), new("The bridge over the wide river was opened in 1921."), new("The bridge over the wide river was not opened in 1912.")];
        CompressResult result = await Compressor(Wide(), new CompressionOptions { TokenValueMs = 1000, RelevanceDistance = 10 }).CompressAsync(new CompressRequest(passages, 500, "bridge river opened"), Cancel);
        result.Citations.Select(c => c.Passage).ShouldBe([0, 2, 3]);
    }

    [Fact]
    public async Task Pruning_leaves_out_at_most_its_share_and_no_protected_word()
    {
        CompressPassage[] passages = [new("In the early morning of 12 May the captain did not see the other airship above the very dark lake near Konstanz.")];
        CompressResult result = await Compressor(Wide()).CompressAsync(new CompressRequest(passages, 25, "What did the captain see?", Protect: ["airship above"], Prune: true), Cancel);
        result.Rungs[^1].Name.ShouldBe("words");
        result.Kept.Count.ShouldBeGreaterThan(1);
        foreach (string word in (string[])["12", "not", "airship above"])
        {
            result.Text.ShouldContain(word);
        }
        int words = passages[0].Text.Split(' ').Length, left = result.Text.Split(' ').Length - 1;
        left.ShouldBeGreaterThanOrEqualTo(words - (int)(words * Options.MaxPruned) - 1);
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

    [Theory]
    [InlineData("It cost $4,500.75 in 1999", "$4,500.75", "1999")]
    [InlineData("speed of 120 km/h at −40 °C", "120 km/h", "−40 °C")]
    [InlineData("call `foo(bar, baz)` or snake_case, camelCase, R2D2 and System.Text.Json", "`foo(bar, baz)`", "snake_case", "camelCase", "R2D2", "System.Text.Json")]
    [InlineData("see https://example.org/a?b=c or mail a.b@example.org", "https://example.org/a?b=c", "a.b@example.org")]
    [InlineData("she said \"we will, of course, come\" and didn't", "\"we will, of course, come\"", "didn't")]
    [InlineData("| name | size |\n|---|---|\n| a | b |", "| name | size |")]
    [InlineData("nicht ohne mein Buch", "nicht", "ohne")]
    public void Spans_that_carry_facts_are_protected(string text, params string[] expected) => new ProtectedSpans(null).In(text).Select(s => text[s.Start..s.End].Trim()).ShouldBe(expected);

    [Fact]
    public void Named_spans_that_overlap_are_one() => new ProtectedSpans(["big red", "red fox", ""]).In("a big red fox").ShouldBe([(2, 13)]);

    private static ScriptedEncoder Wide(int delay = 0) => new(RealTokenizer.Describe(RealTokenizer.Shipped) with { Space = RealTokenizer.Describe(RealTokenizer.Shipped).Space with { Dimensions = 512 } })
    {
        Before = _ => delay == 0 ? Task.CompletedTask : Task.Delay(delay),
    };

    private static ContextCompressor Compressor(ScriptedEncoder encoder, CompressionOptions? options = null) => new(encoder, new Relevance(encoder, RealTokenizer.Cache),
        new TargetTokenizers(options ?? Options, encoder, RealTokenizer.Cache), options ?? Options, NullLogger<ContextCompressor>.Instance);

    /// <summary>The text is what its citations and kept spans say, in the order of the passages, and nothing else.</summary>
    private static void CheckMapping(CompressRequest request, CompressResult result, string because)
    {
        List<string> parts = [];
        foreach (PassageCitation citation in result.Citations)
        {
            PassageCitation? before = citation.N == 1 ? null : result.Citations[citation.N - 2];
            (before is null || before.Passage < citation.Passage || (before.Passage == citation.Passage && before.End <= citation.Start)).ShouldBeTrue($"{because}: {before} before {citation}");
            KeptSpan[] kept = [.. result.Kept.Where(k => k.Citation == citation.N)];
            kept.ShouldAllBe(k => k.Passage == citation.Passage && citation.Start <= k.Start && k.End <= citation.End);
            kept.Zip(kept.Skip(1)).ShouldAllBe(pair => pair.First.End <= pair.Second.Start);
            parts.Add($"{(before is null ? "" : before.Passage == citation.Passage ? " " : "\n")}[{citation.N}] {string.Join(' ', kept.Select(k => request.Passages![k.Passage].Text[k.Start..k.End]))}");
        }
        result.Text.ShouldBe(string.Concat(parts), because);
    }

    private sealed record TemporaryFile(string Path) : IDisposable
    {
        public static TemporaryFile Unpack(string? packed)
        {
            string path = System.IO.Path.GetTempFileName();
            if (packed is not null)
            {
                using GZipStream source = new(File.OpenRead(packed), CompressionMode.Decompress);
                using FileStream unpacked = File.Create(path);
                source.CopyTo(unpacked);
            }
            return new TemporaryFile(path);
        }

        public void Dispose() => File.Delete(Path);
    }

    /// <summary>A protected span of a sentence is in the context whole or not at all.</summary>
    private static void CheckProtected(CompressRequest request, CompressResult result, string because)
    {
        string[] passages = [.. request.Passages!.Select(p => p.Text)];
        ProtectedSpans protectedSpans = new(request.Protect);
        foreach (Sentence sentence in Sentence.Split(passages))
        {
            foreach ((int start, int end) in protectedSpans.In(sentence.In(passages).ToString()).Select(s => (sentence.Start + s.Start, sentence.Start + s.End)))
            {
                KeptSpan[] touching = [.. result.Kept.Where(k => k.Passage == sentence.Passage && k.Start < end && start < k.End)];
                touching.ShouldAllBe(k => k.Start <= start && end <= k.End, $"{because}: '{passages[sentence.Passage][start..end]}' was cut");
            }
        }
    }
}
