using System.Diagnostics;
using System.Text.Json.Nodes;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

public sealed class TokenizerPropertiesTests
{
    private const int Rounds = 400;

    // Each bit switches an option of the normalizer, and the number is the seed of the texts.
    public static TheoryData<int> Options => new(Enumerable.Range(0, 16));

    [Theory]
    [MemberData(nameof(Options))]
    public void Offsets_are_monotone_and_inside_the_text(int options) => ForEachText(options, (tokenizer, text, because) =>
    {
        Encoding encoding = tokenizer.Encode(text, addSpecialTokens: false, maxTokens: null);
        (encoding.Ids.Length == encoding.Starts.Length && encoding.Ids.Length == encoding.Ends.Length && encoding.Ids.Length == encoding.TypeIds.Length && encoding.Ids.Length == encoding.IsSpecial.Length).ShouldBeTrue(because);
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            (encoding.Starts[i] >= (i == 0 ? 0 : encoding.Starts[i - 1]) && encoding.Ends[i] >= (i == 0 ? 0 : encoding.Ends[i - 1])).ShouldBeTrue(because);
            (encoding.Starts[i] < encoding.Ends[i] && encoding.Ends[i] <= text.Length).ShouldBeTrue(because);
        }
    });

    [Theory]
    [MemberData(nameof(Options))]
    public void Count_is_the_number_of_ids_without_special_tokens(int options) => ForEachText(options, (tokenizer, text, because) =>
        tokenizer.Count(text).ShouldBe(tokenizer.Encode(text, false, null).Ids.Length, because));

    [Theory]
    [MemberData(nameof(Options))]
    public void A_limit_keeps_the_first_tokens_and_the_special_ones(int options) => ForEachText(options, (tokenizer, text, because) =>
    {
        int[] all = tokenizer.Encode(text, false, null).Ids;
        for (int most = 2; most < 8; most++)
        {
            int[] ids = tokenizer.Encode(text, true, most).Ids;
            (ids.Length <= most).ShouldBeTrue(because);
            ids[1..^1].SequenceEqual(all.Take(most - 2)).ShouldBeTrue(because);
        }
    });

    [Theory]
    [MemberData(nameof(Options))]
    public void A_half_of_a_surrogate_pair_counts_as_the_replacement_character(int options) => ForEachText(options, (tokenizer, text, because) =>
    {
        Encoding broken = tokenizer.Encode(text, false, null), whole = tokenizer.Encode(RandomText.Whole(text), false, null);
        (broken.Ids.SequenceEqual(whole.Ids) && broken.Starts.SequenceEqual(whole.Starts) && broken.Ends.SequenceEqual(whole.Ends)).ShouldBeTrue(because);
    });

    [Theory]
    [MemberData(nameof(Options))]
    public void A_text_of_two_parts_has_the_tokens_of_both(int options) => ForEachText(options, (tokenizer, text, because) =>
    {
        const string Second = "the cats";
        Encoding first = tokenizer.Encode(text, false, null), second = tokenizer.Encode(Second, false, null), joined = tokenizer.Encode($"{text} {Second}", false, null), pair = tokenizer.EncodePair(text, Second, false);
        joined.Ids.SequenceEqual(first.Ids.Concat(second.Ids)).ShouldBeTrue(because);
        joined.Starts.SequenceEqual(first.Starts.Concat(second.Starts.Select(s => s + text.Length + 1))).ShouldBeTrue(because);
        pair.Ids.SequenceEqual(joined.Ids).ShouldBeTrue(because);
        pair.Starts.SequenceEqual(first.Starts.Concat(second.Starts)).ShouldBeTrue(because);
        pair.TypeIds.Count(t => t == 1).ShouldBe(second.Ids.Length, because);
    });

    [Theory]
    [MemberData(nameof(Options))]
    public void Any_ids_decode(int options)
    {
        Tokenizer tokenizer = With(options);
        Random random = new(options);
        for (int round = 0; round < Rounds; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(-5, tokenizer.VocabularySize + 5))];
            int[] known = [.. ids.Where(id => tokenizer.IdToToken(id) is not null)];
            tokenizer.Decode(ids, false).ShouldBe(tokenizer.Decode(known, false), $"seed {options}, round {round}");
            Check(tokenizer, ids, known, $"seed {options}, round {round}");
            known.Select(id => tokenizer.TokenToId(tokenizer.IdToToken(id)!)).ShouldBe(known.Select(id => (int?)id), $"seed {options}, round {round}");
        }
    }

    private static void Check(Tokenizer tokenizer, int[] ids, int[] known, string because)
    {
        tokenizer.DecodeKnown(known, true).ShouldBe(tokenizer.Decode(known, true), because);
        if (known.Length < ids.Length)
        {
            int unknown = Array.FindIndex(ids, id => tokenizer.IdToToken(id) is null);
            Should.Throw<ArgumentOutOfRangeException>(() => tokenizer.DecodeKnown(ids, true)).Message.ShouldStartWith($"Id {ids[unknown]} at index {unknown} has no token", customMessage: because);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("a. ")]
    [InlineData(".")]
    [InlineData("[")]
    [InlineData("[SEP]")]
    [InlineData("[SE")]
    [InlineData("\u0301")]
    [InlineData("東")]
    [InlineData("\uD83D")]
    [InlineData("\0")]
    public void Work_grows_with_the_text_and_not_with_its_square(string unit)
    {
        Tokenizer tokenizer = SmallTokenizer.Load(j => j["model"]!["max_input_chars_per_word"] = int.MaxValue);
        string text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / unit.Length));
        Stopwatch watch = Stopwatch.StartNew();
        tokenizer.Encode(text, true, null).Ids.Length.ShouldBe(tokenizer.Count(text) + tokenizer.SpecialTokens);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_vocabulary_of_a_quarter_million_tokens_loads_in_time_that_grows_with_it()
    {
        JsonObject json = SmallTokenizer.Json();
        JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
        for (int id = vocabulary.Count; id < 250_000; id++)
        {
            vocabulary[$"token{id}"] = id;
        }
        Stopwatch watch = Stopwatch.StartNew();
        SmallTokenizer.Load(json).VocabularySize.ShouldBe(250_000);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    private static void ForEachText(int options, Action<Tokenizer, string, string> check)
    {
        Tokenizer tokenizer = With(options);
        Random random = new(options);
        for (int round = 0; round < Rounds; round++)
        {
            string text = RandomText.Next(random);
            check(tokenizer, text, $"seed {options}, round {round}, text {System.Text.Json.JsonSerializer.Serialize(text)}");
        }
    }

    private static Tokenizer With(int options) => SmallTokenizer.Load(json =>
    {
        JsonNode normalizer = json["normalizer"]!;
        normalizer["clean_text"] = (options & 1) != 0;
        normalizer["handle_chinese_chars"] = (options & 2) != 0;
        normalizer["strip_accents"] = (options & 4) != 0;
        normalizer["lowercase"] = (options & 8) != 0;
    });
}
