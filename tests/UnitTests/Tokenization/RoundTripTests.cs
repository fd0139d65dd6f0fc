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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Slices_of_the_tokens_cover_the_text_where_nothing_is_dropped(int seed)
    {
        ForEachText(SmallTokenizers.ByteLevel(), seed, (tokenizer, text) => Uncovered(tokenizer, text).Count == 0);
        ForEachText(SmallTokenizers.SentencePiece(), seed, (tokenizer, text) => Uncovered(tokenizer, text).Count == 0);
        ForEachText(SmallTokenizers.Unigram(), seed, (tokenizer, text) => Uncovered(tokenizer, text).Count == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Slices_of_the_tokens_cover_the_words(int seed)
    {
        ForEachText(SmallTokenizer.Json(), seed, (tokenizer, text) => !Uncovered(tokenizer, text).Exists(char.IsLetterOrDigit));
        ForEachText(SmallTokenizers.WordLevel(), seed, (tokenizer, text) => !Uncovered(tokenizer, text).Exists(char.IsLetterOrDigit));
    }

    private static List<char> Uncovered(Tokenizer tokenizer, string text)
    {
        Encoding encoding = tokenizer.Encode(text, false, null);
        bool[] covered = new bool[text.Length];
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            covered.AsSpan(encoding.Starts[i]..encoding.Ends[i]).Fill(true);
        }
        return [.. text.Where((_, i) => !covered[i])];
    }

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
