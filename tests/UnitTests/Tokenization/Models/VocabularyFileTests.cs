using System.Text;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization.Models;

public sealed class VocabularyFileTests
{
    [Theory]
    [InlineData("""{"vocab": {"a": 0, "b": 2}}""", "model.vocab", "1 has no token")]
    [InlineData("""{"vocab": {"a": 0, "b": 0}}""", "model.vocab.b", "already stands for 'a'")]
    [InlineData("""{"vocab": {"a": 0, "a": 1}}""", "model.vocab.a", "token 'a' already has id 0")]
    [InlineData("""{"vocab": {"a": -1}}""", "model.vocab.a", "-1")]
    [InlineData("""{"vocab": {"a": 1.5}}""", "model.vocab.a", "1.5")]
    [InlineData("""{"vocab": {"a": "0"}}""", "model.vocab.a", "found 0")]
    [InlineData("""{"vocab": {"a": 2147483647}}""", "model.vocab.a", "2147483647")]
    [InlineData("""{"vocab": {"a": 99999999999}}""", "model.vocab.a", "99999999999")]
    [InlineData("""{"vocab": {"\ud83d": 0}}""", "model.vocab", "half surrogate")]
    [InlineData("""{"vocab": ["a"]}""", "model.vocab", "expected an object")]
    [InlineData("{}", "model.vocab", "expected an object")]
    public void A_wrong_vocabulary_is_named_by_its_place(string json, string path, string shown)
    {
        TokenizerFormatException refusal = Should.Throw<TokenizerFormatException>(() => WordLevelModel.Read(SeededVocabulary.Node(json), new HashSet<int>()));
        refusal.Path.ShouldBe(path);
        refusal.Message.ShouldContain(shown);
    }

    [Fact]
    public void An_id_that_an_added_token_has_is_no_hole()
    {
        WordLevelModel model = WordLevelModel.Read(SeededVocabulary.Node("""{"vocab": {"a": 0, "b": 2}}"""), new HashSet<int> { 1 });
        model.TokenToId("b").ShouldBe(2);
        model.IdToToken(1).ShouldBeNull();
        model.VocabularySize.ShouldBe(2);
    }

    [Fact]
    public void Tokens_and_ids_lead_to_each_other_whatever_the_text_is()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            SeededVocabulary seeded = new(seed);
            string[] tokens = [.. Enumerable.Range(0, 500).Select(_ => seeded.Word(30)).Append("\"\\\n\u0001").Distinct()];
            WordLevelModel model = SeededVocabulary.Load(WordLevelModel.Read, new System.Text.Json.Nodes.JsonObject { ["vocab"] = SeededVocabulary.Ids(tokens) });
            for (int id = 0; id < tokens.Length; id++)
            {
                model.IdToToken(id).ShouldBe(tokens[id], $"seed {seed}");
                model.TokenToId(tokens[id]).ShouldBe(id, $"seed {seed}");
                model.TokenToId(tokens[id] + "x").ShouldBeNull($"seed {seed}");
            }
            int[] outside = [-1, tokens.Length, int.MaxValue, int.MinValue];
            outside.ShouldAllBe(id => model.IdToToken(id) == null);
        }
    }

    [Fact]
    public void Pieces_outside_the_vocabulary_are_unknown_or_an_error()
    {
        SeededVocabulary.Tokens(WordLevelModel.Read(SeededVocabulary.Node("""{"vocab": {"a": 0, "?": 1}, "unk_token": "?"}"""), new HashSet<int>()), "bé").ShouldBe("1[0,2]");
        SeededVocabulary.Tokens(WordLevelModel.Read(SeededVocabulary.Node("""{"vocab": {"a": 0}, "unk_token": "?"}"""), new HashSet<int>()), "b").ShouldBe("error");
    }

    /// <summary>What is allocated while loading is what is kept and what the file's own size asks for, not an object for each token.</summary>
    [Fact]
    public void Loading_a_quarter_million_tokens_makes_no_object_for_each()
    {
        StringBuilder json = new("{\"vocab\": {");
        for (int id = 0; id < 250_000; id++)
        {
            json.Append(id == 0 ? "" : ",").Append("\"token").Append(id).Append("\":").Append(id);
        }
        JsonNodeReader node = SeededVocabulary.Node(json.Append("}}").ToString());
        long before = GC.GetAllocatedBytesForCurrentThread();
        WordLevelModel model = WordLevelModel.Read(node, new HashSet<int>());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        model.TokenToId("token249999").ShouldBe(249_999);
        allocated.ShouldBeLessThan(4L * json.Length + 250_000 * 80);
    }
}
