using System.Text;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

public sealed class PieceCacheTests
{
    [Fact]
    public void Different_texts_have_different_keys_and_equal_texts_equal_ones()
    {
        Dictionary<WordKey, string> seen = [];
        for (int seed = 0; seed < 20_000; seed++)
        {
            string text = Text(new Random(seed));
            WordKey key = WordKey.Of(text);
            key.ShouldBe(WordKey.Of($" {text} ".AsSpan(1, text.Length)), $"seed {seed}");
            if (key.Tag != 0)
            {
                seen.TryAdd(key, text);
                seen[key].ShouldBe(text, $"seed {seed}");
            }
        }
        seen.Count.ShouldBeGreaterThan(5000);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a", true)]
    [InlineData("sixteen letters.", true)]
    [InlineData("seventeen letters", false)]
    [InlineData("▁sixteen letters.", true)]
    [InlineData("▁seventeen letters", false)]
    [InlineData("acht東京ab", true)]
    [InlineData("neun東京abc", false)]
    public void Only_short_texts_have_a_key(string text, bool expected) => (WordKey.Of(text).Tag != 0).ShouldBe(expected);

    [Fact]
    public void Tokens_come_back_at_the_place_that_is_asked_for()
    {
        PieceCache cache = new();
        TokenBuffer sink = new();
        sink.Add(7, 100, 2);
        sink.Add(8, 102, 3);
        cache.Put(WordKey.Of("hello"), 100, sink, 0);
        cache.TryTake(WordKey.Of("hello"), 5, sink).ShouldBeTrue();
        cache.TryTake(WordKey.Of("hellp"), 5, sink).ShouldBeFalse();
        cache.TryTake(WordKey.Of("a text that is too long for a key"), 5, sink).ShouldBeFalse();
        SeededVocabulary.Show(Enumerable.Range(0, sink.Count).Select(i => (sink.Ids[i], sink.Starts[i], sink.Ends[i]))).ShouldBe("7[100,102] 8[102,105] 7[5,7] 8[7,10]");
    }

    /// <summary>Threads put and take many more pieces than there are places; whatever is taken has to be what was put for that piece.</summary>
    [Fact]
    public void What_threads_take_is_what_was_put_for_that_piece()
    {
        const int Rounds = 400_000, Pieces = 60_000;
        PieceCache cache = new();
        int wrong = 0, hits = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(seed => new Thread(() =>
        {
            Random random = new(seed);
            TokenBuffer sink = new();
            Span<char> text = stackalloc char[8];
            for (int round = 0; round < Rounds; round++)
            {
                int piece = random.Next(Pieces);
                piece.TryFormat(text, out int length);
                WordKey key = WordKey.Of(text[..length]);
                sink.Clear();
                bool found = cache.TryTake(key, 0, sink);
                if (!found)
                {
                    for (int i = 0; i <= piece % 8; i++)
                    {
                        sink.Add(piece * 10 + i, i, 1);
                    }
                    cache.Put(key, 0, sink, 0);
                    continue;
                }
                Interlocked.Increment(ref hits);
                bool isRight = sink.Count == piece % 8 + 1;
                for (int i = 0; i < sink.Count; i++)
                {
                    isRight &= sink.Ids[i] == piece * 10 + i && sink.Starts[i] == i && sink.Ends[i] == i + 1;
                }
                Interlocked.Add(ref wrong, isRight ? 0 : 1);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        wrong.ShouldBe(0);
        hits.ShouldBeGreaterThan(10_000);
    }

    private static string Text(Random random)
    {
        StringBuilder text = new();
        for (int length = random.Next(19); length > 0; length--)
        {
            text.Append(random.Next(8) switch { 0 => '\0', 1 => 'é', 2 => random.Next(4) == 0 ? '東' : 'ÿ', 3 => random.Next(3) == 0 ? '\u2581' : 'a', _ => (char)random.Next('a', 'd') });
        }
        return text.ToString();
    }
}
