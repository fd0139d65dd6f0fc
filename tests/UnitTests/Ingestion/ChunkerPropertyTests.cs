using System.Collections.Concurrent;
using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.Ingestion.Chunking;
using Retrieval.Tokenization;
using Retrieval.UnitTests.Tokenization;

namespace Retrieval.UnitTests.Ingestion;

/// <summary>What holds for every chunker, tokenizer and text.</summary>
public sealed class ChunkerPropertyTests
{
    private static readonly ConcurrentDictionary<string, Tokenizer> Loaded = new();
    private static readonly string[] MediaTypes = ["text/plain", "text/markdown", "text/x-source"];

    public static TheoryData<string, string?> Cases
    {
        get
        {
            TheoryData<string, string?> cases = [];
            foreach (string tokenizer in (string[])["shipped", "bert-chinese-m3e", "roberta-base", "t5-small", "mistral-7b-v0.1", "qwen2.5", "albert"])
            {
                foreach (string? chunker in (string?[])[null, .. ChunkingSettings.Chunkers])
                {
                    cases.Add(tokenizer, chunker);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chunks_are_within_the_limit_exact_in_order_the_same_each_time_and_cover_the_text(string tokenizerName, string? chunker)
    {
        Tokenizer tokenizer = Load(tokenizerName);
        const int Seed = 11;
        Random random = new(Seed);
        RandomText texts = new(random);
        for (int i = 0; i < 60; i++)
        {
            string text = Text(texts, random);
            string mediaType = MediaTypes[random.Next(MediaTypes.Length)];
            int limit = random.Next(24, 160), overlap = random.Next(2) == 0 ? 0 : random.Next(1, limit / 2);
            string because = $"seed {Seed}, text {i}, {mediaType}, limit {limit}, overlap {overlap}";
            List<Chunk> chunks = Chunker.Split(text, chunker, mediaType, tokenizer, limit, overlap);
            Check(text, chunks, tokenizer, limit, overlap, because);
            Chunker.Split(text, chunker, mediaType, tokenizer, limit, overlap).ShouldBe(chunks, because);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_encoded_is_within_the_models_limit(string tokenizerName, string? chunker)
    {
        Tokenizer tokenizer = Load(tokenizerName);
        const int Seed = 12;
        Random random = new(Seed);
        RandomText texts = new(random);
        for (int i = 0; i < 40; i++)
        {
            DocumentInput document = new() { Text = Text(texts, random), Title = random.Next(2) == 0 ? null : texts.Sentence(30) };
            int most = random.Next(128, 300), limit = random.Next(48, most);
            EncoderDescription model = RealTokenizer.Describe(tokenizer, random.Next(2) == 0 ? "passage: " : "", most);
            ChunkPlan plan = ChunkPlan.For(new SourceText(document, "text/markdown"), new ChunkingSettings { MaxTokens = chunker == "late" && i % 2 == 0 ? null : limit, Chunker = chunker, Overlap = random.Next(limit / 4) }, model, tokenizer);
            string prompt = model.Space.DocumentTemplate.Replace(VectorSpace.TitleAndText, "", StringComparison.Ordinal);
            foreach (string encoded in plan.Windows?.Select(w => w.Text) ?? plan.Texts)
            {
                tokenizer.Encode(prompt + encoded, true, null).Ids.Length.ShouldBeLessThanOrEqualTo(plan.Windows is null ? limit : most, $"seed {Seed}, text {i}");
            }
            (plan.Headings.Count, plan.Pages.Count, plan.Texts.Count).ShouldBe((plan.Chunks.Count, plan.Chunks.Count, plan.Chunks.Count));
            plan.Windows?.SelectMany(w => w.Chunks).ShouldBe(Enumerable.Range(0, plan.Chunks.Count), $"seed {Seed}, text {i}: each chunk in one window");
            foreach ((LateWindow window, TextSpan span, int chunk) in plan.Windows?.SelectMany(w => w.Spans.Zip(w.Chunks, (s, c) => (w, s, c))) ?? [])
            {
                window.Text[..span.End].ShouldEndWith(document.Text![plan.Chunks[chunk].Start..plan.Chunks[chunk].End], Case.Sensitive, $"seed {Seed}, text {i}");
            }
        }
    }

    [Fact]
    public void Overlap_repeats_whole_sentences_and_stops_at_headings()
    {
        const string Text = "# One\n\nFirst is here. Second is here. Third is here. Fourth is here.\n\n# Two\n\nFifth is here.";
        List<Chunk> chunks = Chunker.Split(Text, "markdown", "text/plain", RealTokenizer.Shipped, 16, 5);
        chunks.Select(c => Text[c.Start..c.End]).ShouldBe(["# One\n\nFirst is here. Second is here.", "Second is here. Third is here. Fourth is here.", "# Two\n\nFifth is here."]);
    }

    [Fact]
    public void Every_chunk_knows_the_headings_above_it_and_is_encoded_behind_them()
    {
        string body = string.Concat(Enumerable.Range(0, 40).Select(i => $"Sentence {i} of it. "));
        SourceText source = new(new DocumentInput { Title = "Guide", Text = $"# Guide\n\n## Install\n\n{body}\n\n### Linux\n\n{body}\n\n## Use\n\nShort." }, "text/markdown");
        ChunkPlan plan = ChunkPlan.For(source, new ChunkingSettings { MaxTokens = 64 }, RealTokenizer.Describe(RealTokenizer.Shipped), RealTokenizer.Shipped);
        plan.Headings.Select(h => string.Join('/', h)).Distinct().ShouldBe(["Guide", "Guide/Install", "Guide/Install/Linux", "Guide/Use"], "a chunk is above what its own text begins");
        int deep = plan.Chunks.FindLastIndex(c => plan.Headings[plan.Chunks.IndexOf(c)].Count == 3);
        plan.Texts[deep].ShouldStartWith("Guide > Install > Linux Sentence");
    }

    [Fact]
    public void Pages_count_from_the_chunks_beginning()
    {
        string page = string.Concat(Enumerable.Range(0, 30).Select(i => $"Sentence {i} of it. ")).TrimEnd();
        SourceText source = new(new DocumentInput { Text = $"{page}\n\n{page}" }, "text/plain", [0, page.Length + 2]);
        ChunkPlan plan = ChunkPlan.For(source, new ChunkingSettings { MaxTokens = 32 }, RealTokenizer.Describe(RealTokenizer.Shipped), RealTokenizer.Shipped);
        plan.Chunks.Zip(plan.Pages).ShouldAllBe(c => c.Second == (c.First.Start < page.Length + 2 ? 1 : 2));
        plan.Pages.Distinct().ShouldBe([1, 2]);
    }

    [Fact]
    public void Late_chunking_is_refused_for_a_model_that_does_not_pool_by_the_mean()
    {
        EncoderDescription model = RealTokenizer.Describe(RealTokenizer.Shipped);
        RetrievalException e = Should.Throw<RetrievalException>(() => ChunkPlan.For(new SourceText(new DocumentInput { Text = "a" }, "text/plain"), new ChunkingSettings { Chunker = "late" }, model with { Space = model.Space with { Pooling = "cls" } }, RealTokenizer.Shipped));
        e.Problem.Detail.ShouldContain("pools by cls");
    }

    private static void Check(string text, List<Chunk> chunks, Tokenizer tokenizer, int limit, int overlap, string because)
    {
        int covered = 0, before = -1;
        foreach (Chunk chunk in chunks)
        {
            (before < chunk.Start && chunk.Start < chunk.End && chunk.End > covered && chunk.End <= text.Length).ShouldBeTrue($"{because}: {chunk} after {covered}");
            chunk.Tokens.ShouldBeInRange(0, limit, because);
            chunk.Tokens.ShouldBe(tokenizer.Count(text.AsSpan(chunk.Start, chunk.End - chunk.Start)), because);
            text[Math.Min(covered, chunk.Start)..chunk.Start].ShouldBeNullOrWhiteSpace(because);
            (Cuts(text, chunk.Start) || Cuts(text, chunk.End)).ShouldBeFalse($"{because}: {chunk} cuts a character");
            if (chunk.Start < covered)
            {
                overlap.ShouldBeGreaterThan(0, because);
                tokenizer.Count(text.AsSpan(chunk.Start, covered - chunk.Start)).ShouldBeLessThanOrEqualTo(overlap, because);
            }
            (covered, before) = (chunk.End, chunk.Start);
        }
        text[covered..].ShouldBeNullOrWhiteSpace($"{because}: at the end");
    }

    /// <summary>Sentences and blocks of every script, and every few a giant sentence with or without spaces.</summary>
    private static string Text(RandomText texts, Random random) => random.Next(6) switch
    {
        0 => string.Concat(Enumerable.Range(0, random.Next(50, 400)).Select(_ => texts.Word())),
        1 => string.Join(' ', Enumerable.Range(0, random.Next(50, 400)).Select(_ => texts.Word())),
        2 => string.Concat(Enumerable.Range(0, random.Next(50, 600)).Select(_ => (char)random.Next(0x4E00, 0x9FA5))) + "。",
        3 => texts.Markdown(random.Next(1, 12)) + "x",
        _ => texts.Text(random.Next(1, 30)) + "x",
    };

    private static bool Cuts(string text, int at) => at > 0 && at < text.Length && char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]);

    private static Tokenizer Load(string name) => name == "shipped" ? RealTokenizer.Shipped : Loaded.GetOrAdd(name, n => Reference.Tokenizer($"real/{n}"));
}
