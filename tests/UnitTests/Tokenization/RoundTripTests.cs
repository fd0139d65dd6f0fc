using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>What decode(encode(x)) means, by the kind of tokenizer.</summary>
public sealed class RoundTripTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Byte_level_BPE_gives_the_text_back(int seed) => ForEachText(SmallTokenizers.ByteLevel(), seed, (tokenizer, text) =>
        tokenizer.Decode(Ids(tokenizer, text), false) == text);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void SentencePiece_BPE_with_bytes_gives_the_text_back_but_for_its_own_mark(int seed) => ForEachText(SmallTokenizers.SentencePiece(), seed, (tokenizer, text) =>
        tokenizer.Decode(Ids(tokenizer, text), false) == text.Replace('▁', ' '));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WordPiece_gives_a_text_of_the_same_tokens_where_all_are_known(int seed) => ForEachText(SmallTokenizer.Json(), seed, (tokenizer, text) =>
    {
        int[] ids = Ids(tokenizer, text);
        return ids.Contains(tokenizer.TokenToId("[UNK]")!.Value) || Ids(tokenizer, tokenizer.Decode(ids, false)).SequenceEqual(ids);
    });

    private static int[] Ids(Tokenizer tokenizer, string text) => tokenizer.Encode(text, false, null).Ids;

    private static void ForEachText(System.Text.Json.Nodes.JsonNode json, int seed, Func<Tokenizer, string, bool> holds)
    {
        Tokenizer tokenizer = SmallTokenizer.Load(json);
        Random random = new(seed);
        for (int round = 0; round < 300; round++)
        {
            string text = RandomText.Whole(RandomText.Next(random));
            holds(tokenizer, text).ShouldBeTrue($"seed {seed}, round {round}, text {System.Text.Json.JsonSerializer.Serialize(text)}");
        }
    }
}
