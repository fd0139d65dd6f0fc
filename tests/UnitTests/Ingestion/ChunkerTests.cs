using Retrieval.Contracts;
using Retrieval.Ingestion;
using Retrieval.Ingestion.Chunking;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Ingestion;

public sealed class ChunkerTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("text/plain", 1)]
    [InlineData("text/plain", 2)]
    [InlineData("text/markdown", 3)]
    [InlineData("text/markdown", 4)]
    public void Any_text_is_cut_into_ordered_chunks_within_the_limit_that_lose_no_visible_character(string mediaType, int seed)
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        Random random = new(seed);
        RandomText texts = new(random);
        for (int i = 0; i < 250; i++)
        {
            string text = mediaType == "text/markdown" ? texts.Markdown(random.Next(1, 25)) : texts.Text(random.Next(1, 60));
            string? title = random.Next(3) == 0 ? null : texts.Sentence(random.Next(1, 60));
            string prompt = random.Next(3) == 0 ? "passage: " : "";
            int maxTokens = random.Next(16, 128);
            Check(tokenizer, new DocumentInput { Text = text + "x", Title = title }, mediaType, prompt, maxTokens, $"seed {seed}, text {i}, limit {maxTokens}");
        }
    }

    [Theory]
    [InlineData("---\ntitle: Front matter\ntags: [a, b]\n---\n\nBody text.")]
    [InlineData("[only]: http://example.org \"link definitions\"\n[and]: <http://example.org/2>\n")]
    [InlineData("Text.\n\n[ref]: http://example.org\n\nMore [ref].\n\n[late]: http://example.org/late")]
    [InlineData("<table>\n<tr><td>cell</td></tr>\n\n</table>\ntail")]
    [InlineData("<!-- a comment\n\nthat goes on -->\nafter")]
    [InlineData("<script>\nlet a = 1;\n")]
    [InlineData("```\nnever closed\n\n# no heading")]
    [InlineData("- a\n  - b\n\n        deep code\n\n  1. c\n\n     para\n- d")]
    [InlineData("> quote\nlazy line\n\n> > nested\n")]
    [InlineData("# \n\n#\n\n####### seven\n\n#nospace")]
    [InlineData("Setext\ntwo lines\n===\n---\n***\n")]
    [InlineData("a | b\n-|-\n1 | 2\n\n| not | a table\n")]
    [InlineData("\uFEFF# Mark first\n\ntext")]
    [InlineData("\r\n\r\n# CRLF\r\n\r\ntext\r\n\r\n```\r\ncode\r\n```\r\n")]
    [InlineData("\t\tcode first\n\n\0 nul \0")]
    [InlineData("[^1]: footnote\n\n*[HTML]: abbreviation\n\n:::note\ninside\n:::\n\nTerm\n: definition\n\n$$\nx^2\n$$")]
    [InlineData("\\\n\\# escaped\n\n&amp; &nope;\n")]
    public void Odd_markdown_loses_nothing(string text) =>
        Check(RealTokenizer.Shipped, new DocumentInput { Text = text }, "text/markdown", "", 32, text);

    [Fact]
    public void A_heading_opens_a_chunk_and_stays_with_what_follows_it()
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        const string Text = "Intro words.\n\n# One\n\n## One A\n\nFirst body.\n\nSecond body.\n\nTwo\n---\n\nThird body.";
        Chunker.Split(Text, null, "text/markdown", tokenizer, 100, 0).Select(c => Text[c.Start..c.End]).ShouldBe(
            ["Intro words.", "# One\n\n## One A\n\nFirst body.\n\nSecond body.", "Two\n---\n\nThird body."]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Code_blocks_and_tables_are_kept_whole_within_the_limit_and_cut_between_lines_above_it(int seed)
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        Random random = new(seed);
        for (int i = 0; i < 200; i++)
        {
            string[] lines = [.. Enumerable.Range(0, random.Next(1, 30)).Select(n => $"line {n} is {random.Next(1000)};")];
            string block = random.Next(2) == 0 ? $"```c\n{string.Join('\n', lines)}\n```" : $"| a | b |\n|---|---|\n{string.Join('\n', lines.Select(l => $"| {l} | x |"))}";
            string text = $"Some words before it. And more of them.\n\n{block}\n\nSome words after it.";
            int limit = random.Next(24, 200), start = text.IndexOf(block, StringComparison.Ordinal), end = start + block.Length;
            List<Chunk> chunks = Chunker.Split(text, null, "text/markdown", tokenizer, limit, 0);
            if (tokenizer.Count(block) <= limit)
            {
                chunks.ShouldContain(c => c.Start <= start && c.End >= end, $"seed {seed}, block {i}");
            }
            else
            {
                chunks.Where(c => c.Start > start && c.Start < end).ShouldAllBe(c => text[c.Start - 1] == '\n', $"seed {seed}, block {i}");
                chunks.Where(c => c.End > start && c.End < end).ShouldAllBe(c => text[c.End] == '\n', $"seed {seed}, block {i}");
            }
        }
    }

    [Fact]
    public void A_sentence_over_the_limit_is_cut_between_words()
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        string text = string.Join(' ', Enumerable.Range(0, 300).Select(i => $"unbelievably{i}"));
        foreach (Chunk chunk in Chunker.Split(text, null, "text/plain", tokenizer, 40, 0))
        {
            (chunk.Start == 0 || text[chunk.Start - 1] == ' ').ShouldBeTrue();
            (chunk.End == text.Length || text[chunk.End] == ' ').ShouldBeTrue();
            chunk.Tokens.ShouldBeInRange(1, 40);
        }
    }

    public static TheoryData<string, string, string> Giants => new()
    {
        { "one word", "text/plain", new string('x', 1_000_000) },
        { "no spaces", "text/plain", string.Concat(Enumerable.Range(0, 150_000).Select(i => $"a{i}/")) },
        { "one sentence", "text/plain", string.Concat(Enumerable.Range(0, 150_000).Select(i => $"word{i % 100} ")) },
        { "ideographs", "text/plain", new string('検', 1_000_000) },
        { "short sentences", "text/plain", string.Concat(Enumerable.Repeat("It is so. ", 100_000)) },
        { "code", "text/markdown", $"```\n{string.Concat(Enumerable.Repeat("let a = b;\n", 90_000))}```" },
        { "headings", "text/markdown", string.Concat(Enumerable.Repeat("# H\n\nbody\n\n", 90_000)) },
        { "table", "text/markdown", $"|a|b|\n|-|-|\n{string.Concat(Enumerable.Repeat("|1|2|\n", 10_000))}" },
        { "deep quotes", "text/markdown", $"{new string('>', 20_000)} deep" },
        { "deep lists", "text/markdown", string.Concat(Enumerable.Range(0, 400).Select(i => $"{new string(' ', 2 * i)}- item\n")) },
        { "brackets", "text/markdown", $"{new string('[', 20_000)}a" },
        { "stars", "text/markdown", string.Concat(Enumerable.Repeat("*a **b _c ", 5_000)) },
        { "backticks", "text/markdown", string.Concat(Enumerable.Range(1, 1000).Select(i => new string('`', i) + " ")) },
    };

    [Theory]
    [MemberData(nameof(Giants), DisableDiscoveryEnumeration = true)]
    public async Task A_giant_text_of_any_shape_ends_soon(string name, string mediaType, string text)
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        foreach (int limit in (int[])[100, 8000])
        {
            // A thread of its own, so that one that never ends fails the test.
            List<Chunk> chunks = await Task.Factory.StartNew(() => Chunker.Split(text, null, mediaType, tokenizer, limit, 0), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Hang);
            chunks.ShouldAllBe(c => c.Tokens <= limit, name);
            chunks.Sum(c => c.End - c.Start).ShouldBeGreaterThan(text.Count(c => !char.IsWhiteSpace(c)) - 1, name);
        }
    }

    [Fact]
    public void A_limit_without_room_for_text_says_how_much_is_needed()
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        EncoderDescription model = RealTokenizer.Describe(tokenizer, "a long prompt of many words: ");
        int least = 2 + tokenizer.Count("a long prompt of many words: ") + 1;
        Problem problem = Should.Throw<RetrievalException>(() => ChunkPlan.For(new SourceText(new DocumentInput { Text = "text" }, "text/plain"), new ChunkingSettings { MaxTokens = 4 }, model, tokenizer)).Problem;
        (problem.Kind, problem.Field, problem.Limit).ShouldBe((ErrorKind.Invalid, "chunking.maxTokens", $"at least {least}"));
        ChunkPlan.For(new SourceText(new DocumentInput { Text = "text" }, "text/plain"), new ChunkingSettings { MaxTokens = least }, model, tokenizer).Chunks.Count.ShouldBe(1);
    }

    [Fact]
    public void A_long_title_takes_at_most_a_quarter_of_the_room_and_a_blank_one_nothing()
    {
        Tokenizer tokenizer = RealTokenizer.Shipped;
        EncoderDescription model = RealTokenizer.Describe(tokenizer);
        string title = string.Join(' ', Enumerable.Repeat("title", 500));
        ChunkPlan plan = ChunkPlan.For(new SourceText(new DocumentInput { Text = "the text", Title = title }, "text/plain"), new ChunkingSettings { MaxTokens = 66 }, model, tokenizer);
        plan.Texts.ShouldBe([string.Join(' ', Enumerable.Repeat("title", 16)) + " the text"]);
        ChunkPlan.For(new SourceText(new DocumentInput { Text = "the text", Title = " \n" }, "text/plain"), new ChunkingSettings(), model, tokenizer).Texts.ShouldBe(["the text"]);
    }

    private static void Check(Tokenizer tokenizer, DocumentInput document, string mediaType, string prompt, int maxTokens, string because)
    {
        EncoderDescription model = RealTokenizer.Describe(tokenizer, prompt);
        ChunkPlan plan = ChunkPlan.For(new SourceText(document, mediaType), new ChunkingSettings { MaxTokens = maxTokens }, model, tokenizer);
        string text = document.Text!;
        int covered = 0;
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            Chunk chunk = plan.Chunks[i];
            (covered <= chunk.Start && chunk.Start < chunk.End && chunk.End <= text.Length).ShouldBeTrue($"{because}: {chunk} after {covered}");
            text[covered..chunk.Start].ShouldBeNullOrWhiteSpace($"{because}: between chunks {i - 1} and {i}");
            (IsInsideOfPair(text, chunk.Start) || IsInsideOfPair(text, chunk.End)).ShouldBeFalse($"{because}: {chunk} cuts a character");
            chunk.Tokens.ShouldBe(tokenizer.Count(text.AsSpan(chunk.Start, chunk.End - chunk.Start)), because);
            plan.Texts[i].ShouldEndWith(text[chunk.Start..chunk.End], Case.Sensitive, because);
            tokenizer.Encode(prompt + plan.Texts[i], true, null).Ids.Length.ShouldBeLessThanOrEqualTo(maxTokens, $"{because}: chunk {i}");
            covered = chunk.End;
        }
        text[covered..].ShouldBeNullOrWhiteSpace($"{because}: at the end");
        ChunkPlan again = ChunkPlan.For(new SourceText(document, mediaType), new ChunkingSettings { MaxTokens = maxTokens }, model, tokenizer);
        again.Chunks.ShouldBe(plan.Chunks, because);
    }

    private static bool IsInsideOfPair(string text, int at) => at > 0 && at < text.Length && char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]);
}
