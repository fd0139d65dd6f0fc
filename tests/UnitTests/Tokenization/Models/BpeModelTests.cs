using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

public sealed class BpeModelTests
{
    [Theory]
    [InlineData("")]
    [InlineData("unk")]
    [InlineData("unk fuse")]
    [InlineData("unk prefix")]
    [InlineData("unk suffix")]
    [InlineData("unk prefix suffix")]
    [InlineData("prefix suffix")]
    [InlineData("ignore")]
    [InlineData("unk ignore")]
    [InlineData("bytes")]
    [InlineData("unk fuse bytes")]
    [InlineData("unk some-bytes")]
    [InlineData("unk fuse some-bytes")]
    [InlineData("space unk fuse bytes")]
    [InlineData("space unk fuse some-bytes")]
    [InlineData("space unk")]
    [InlineData("space")]
    public void Pieces_are_merged_as_by_joining_the_lowest_rank_again_and_again(string options)
    {
        int several = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            SeededBpe bpe = new(seed, options);
            BpeModel model = SeededVocabulary.Load(BpeModel.Read, bpe.Json);
            for (int round = 0; round < 40; round++)
            {
                string piece = bpe.Piece(round % 8 == 0 ? 150 : 12);
                if (piece.Length > 0)
                {
                    string expected = SeededVocabulary.Show(bpe.Textbook(piece));
                    SeededVocabulary.Tokens(model, piece).ShouldBe(expected, $"options {options}, seed {seed}, round {round}, piece {piece}, model {bpe.Json.ToJsonString()}");
                    several += expected.Contains(' ', StringComparison.Ordinal) ? 1 : 0;
                }
            }
        }
        several.ShouldBeGreaterThan(1000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Text_as_it_is_has_the_tokens_of_its_spelled_bytes(bool ignoreMerges)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            SeededVocabulary seeded = new(seed);
            List<string> tokens = [.. Enumerable.Range(0, 256).Select(b => $"{ByteAlphabet.Character((byte)b)}")];
            JsonArray merges = SeededBpe.Merges(seeded.Random, tokens, 60, Spell(seeded.Word(40)));
            JsonObject json = new() { ["vocab"] = SeededVocabulary.Ids([.. tokens, Spell("東b"), Spell("aé")]), ["merges"] = merges, ["ignore_merges"] = ignoreMerges };
            BpeModel spelled = SeededVocabulary.Load(BpeModel.Read, json);
            Model direct = spelled.OverBytes()!;
            for (int round = 0; round < 60; round++)
            {
                string piece = seeded.Word(round % 8 == 0 ? 150 : 9);
                if (piece.Length > 0)
                {
                    SeededVocabulary.Tokens(direct, piece).ShouldBe(OverCharacters(spelled, piece), $"seed {seed}, round {round}, piece {piece}");
                }
            }
        }
    }

    [Fact]
    public void A_vocabulary_without_all_bytes_is_not_read_over_text_as_it_is() =>
        SeededVocabulary.Load(BpeModel.Read, new JsonObject { ["vocab"] = SeededVocabulary.Ids(["a"]), ["merges"] = new JsonArray() }).OverBytes().ShouldBeNull();

    [Fact]
    public void Chance_is_refused() =>
        Should.Throw<TokenizerFormatException>(() => SeededVocabulary.Load(BpeModel.Read, new JsonObject { ["dropout"] = 0.1, ["vocab"] = new JsonObject(), ["merges"] = new JsonArray() })).Path.ShouldBe("model.dropout");

    [Theory]
    [InlineData("continuing_subword_prefix")]
    [InlineData("end_of_word_suffix")]
    public void Byte_fallback_beside_a_prefix_or_suffix_is_refused(string option) => Should.Throw<TokenizerFormatException>(() =>
        SeededVocabulary.Load(BpeModel.Read, new JsonObject { ["byte_fallback"] = true, [option] = "#", ["vocab"] = new JsonObject(), ["merges"] = new JsonArray() })).Path.ShouldBe("model.byte_fallback");

    [Theory]
    [InlineData("[\"a b\", [\"a\", \"b\"]]", "model.merges[1]")]
    [InlineData("[[\"a\", \"b\"], \"a b\"]", "model.merges[1]")]
    [InlineData("[\"ab\"]", "model.merges[0]")]
    [InlineData("[\"a b c\"]", "model.merges[0]")]
    [InlineData("[[\"a\"]]", "model.merges[0]")]
    [InlineData("[[\"a\", \"b\", \"c\"]]", "model.merges[0]")]
    [InlineData("[\"a b\", \"b b\"]", "model.merges[1]")]
    [InlineData("[\"a x\"]", "model.merges[0]")]
    [InlineData("[7]", "model.merges[0]")]
    [InlineData("[\"a \\ud800\"]", "model.merges[0]")]
    [InlineData("{}", "model.merges")]
    public void A_wrong_merge_is_named_by_its_place(string merges, string path)
    {
        JsonObject json = new() { ["vocab"] = SeededVocabulary.Ids(["a", "b", "ab"]), ["merges"] = JsonNode.Parse(merges.Replace("\\ud800", "?", StringComparison.Ordinal)) };
        JsonNodeReader node = SeededVocabulary.Node(json.ToJsonString().Replace("?", "\\ud800", StringComparison.Ordinal));
        Should.Throw<TokenizerFormatException>(() => BpeModel.Read(node, new HashSet<int>())).Path.ShouldBe(path);
    }

    private static string Spell(string text) => string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Select(ByteAlphabet.Character));

    /// <summary>Tokens over the spelled piece, their places brought back to the code points that the bytes came from.</summary>
    private static string OverCharacters(BpeModel spelled, string piece)
    {
        List<(int Start, int End)> places = [];
        int at = 0;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            places.AddRange(Enumerable.Repeat((at, at + rune.Utf16SequenceLength), rune.Utf8SequenceLength));
            at += rune.Utf16SequenceLength;
        }
        TokenBuffer sink = new();
        spelled.Tokenize(Spell(piece), 0, sink);
        return SeededVocabulary.Show(Enumerable.Range(0, sink.Count).Select(i => (sink.Ids[i], places[sink.Starts[i]].Start, places[sink.Ends[i] - 1].End)));
    }
}
