using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

public sealed class WordPieceModelTests
{
    [Theory]
    [InlineData("##", 100)]
    [InlineData("#", 100)]
    [InlineData("", 100)]
    [InlineData("@@", 5)]
    [InlineData("a", 100)]
    public void Words_are_split_as_by_trying_the_longest_piece_first(string prefix, int most)
    {
        int unknown = 0, split = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            SeededVocabulary seeded = new(seed);
            int letters = 2 + seed % 7;
            string[] tokens = [.. Enumerable.Range(0, 4 + seeded.Random.Next(40)).Select(_ => seeded.Random.Next(3) == 0 ? seeded.Word(5, letters) : prefix + seeded.Word(4, letters)).Where(t => t.Length > 0).Append("[UNK]").Distinct()];
            JsonObject json = new() { ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = prefix, ["max_input_chars_per_word"] = most, ["vocab"] = SeededVocabulary.Ids(tokens) };
            WordPieceModel model = SeededVocabulary.Load(WordPieceModel.Read, json);
            for (int round = 0; round < 60; round++)
            {
                string word = seeded.Word(9, letters);
                if (word.Length > 0)
                {
                    string expected = LongestFirst(tokens, prefix, most, word);
                    SeededVocabulary.Tokens(model, word).ShouldBe(expected, $"seed {seed}, round {round}, word {word}, tokens {string.Join(' ', tokens)}");
                    unknown += expected.StartsWith($"{Array.IndexOf(tokens, "[UNK]")}[", StringComparison.Ordinal) ? 1 : 0;
                    split += expected.Contains(' ', StringComparison.Ordinal) ? 1 : 0;
                }
            }
        }
        unknown.ShouldBeGreaterThan(1000);
        split.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void A_word_without_pieces_is_an_error_where_the_unknown_token_is_missing()
    {
        WordPieceModel model = SeededVocabulary.Load(WordPieceModel.Read, new JsonObject { ["vocab"] = SeededVocabulary.Ids(["a", "##b"]) });
        SeededVocabulary.Tokens(model, "ab").ShouldBe("0[0,1] 1[1,2]");
        Should.Throw<TokenizationException>(() => model.Tokenize("ba", 0, new TokenBuffer())).Message.ShouldContain("[UNK]");
    }

    /// <summary>The definition, a look-up for every end of every piece.</summary>
    private static string LongestFirst(string[] tokens, string prefix, int most, string word)
    {
        Rune[] runes = [.. word.EnumerateRunes()];
        List<(int, int, int)> pieces = [];
        bool known = runes.Length <= most;
        for (int start = 0, at = 0; known && start < runes.Length;)
        {
            int end = runes.Length, id = -1;
            for (; end > start && id < 0; end--)
            {
                id = Array.IndexOf(tokens, (start > 0 ? prefix : "") + string.Concat(runes[start..end]));
            }
            int length = string.Concat(runes[start..++end]).Length;
            pieces.Add((id, at, at + length));
            (known, start, at) = (id >= 0, end, at + length);
        }
        return SeededVocabulary.Show(known ? pieces : [(Array.IndexOf(tokens, "[UNK]"), 0, word.Length)]);
    }
}
