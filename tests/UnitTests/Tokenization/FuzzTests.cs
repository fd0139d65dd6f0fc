using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Tokenization;

/// <summary>Random texts through every kind of pipeline: the reference tokenizers, and one of each kind that needs no data.</summary>
public sealed class FuzzTests
{
    // Of the reference's: texts each.
    private const int Rounds = 25;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_reference_tokenizer_keeps_its_promises_on_random_texts(int seed) => Parallel.ForEach(Reference.Names(), name =>
    {
        // The vocabularies of two lack the unknown token: what they promise is an error. The template of another has the text twice.
        if (name is not ("synthetic/wl-unk-missing" or "synthetic/ug-no-unk-id" or "synthetic/pp-template-repeat-a"))
        {
            Check(Reference.Tokenizer(name), name, seed, Rounds);
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_tokenizer_of_each_model_keeps_its_promises_on_random_texts(int seed)
    {
        foreach ((string name, Tokenizer tokenizer) in SmallTokenizers.All)
        {
            Check(tokenizer, name, seed, 200);
        }
    }

    private static void Check(Tokenizer tokenizer, string name, int seed, int rounds)
    {
        Random random = new(seed);
        EncodingBuffer buffer = new();
        for (int round = 0; round < rounds; round++)
        {
            string text = RandomText.Next(random);
            string because = $"{name}, seed {seed}, round {round}, text {System.Text.Json.JsonSerializer.Serialize(text)}";
            Encoding encoding = tokenizer.Encode(EncodeInput.Text(text), new EncodeOptions { AddSpecialTokens = false });
            CheckOffsets(encoding, text, because);
            CheckSpans(tokenizer, encoding, text, buffer, because);
            CheckUnits(tokenizer, encoding, text, because);
            CheckBudget(tokenizer, encoding, text, random, because);
            CheckSurrogates(tokenizer, encoding, text, because);
            tokenizer.Count(text).ShouldBe(encoding.Ids.Length, because);
        }
    }

    private static void CheckOffsets(Encoding encoding, string text, string because)
    {
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            (encoding.Starts[i] >= 0 && encoding.Starts[i] <= encoding.Ends[i] && encoding.Ends[i] <= text.Length).ShouldBeTrue(because);
            (i == 0 || encoding.Starts[i] >= encoding.Starts[i - 1] || encoding.Ends[i] >= encoding.Ends[i - 1]).ShouldBeTrue(because);
            IsBorder(text, encoding.Starts[i]).ShouldBeTrue(because);
            IsBorder(text, encoding.Ends[i]).ShouldBeTrue(because);
        }
    }

    private static bool IsBorder(string text, int index) => index == 0 || index == text.Length || !char.IsSurrogatePair(text[index - 1], text[index]);

    private static void CheckSpans(Tokenizer tokenizer, Encoding encoding, string text, EncodingBuffer buffer, string because)
    {
        tokenizer.Encode(text, addSpecialTokens: false, int.MaxValue, buffer);
        (buffer.Ids.SequenceEqual(encoding.Ids) && buffer.Starts.SequenceEqual(encoding.Starts) && buffer.Ends.SequenceEqual(encoding.Ends)).ShouldBeTrue(because);
        Span<int> ids = stackalloc int[8];
        tokenizer.TryEncode(text, false, ids, out int count).ShouldBe(encoding.Ids.Length <= 8, because);
        count.ShouldBe(encoding.Ids.Length, because);
    }

    private static void CheckUnits(Tokenizer tokenizer, Encoding encoding, string text, string because)
    {
        Encoding codePoints = tokenizer.Encode(text, new EncodeOptions { AddSpecialTokens = false, Offsets = OffsetUnit.CodePoints });
        Encoding bytes = tokenizer.Encode(text, new EncodeOptions { AddSpecialTokens = false, Offsets = OffsetUnit.Utf8Bytes });
        for (int i = 0; i < encoding.Ids.Length; i++)
        {
            string before = text[..encoding.Starts[i]];
            codePoints.Starts[i].ShouldBe(before.EnumerateRunes().Count(), because);
            bytes.Starts[i].ShouldBe(System.Text.Encoding.UTF8.GetByteCount(before), because);
        }
    }

    private static void CheckBudget(Tokenizer tokenizer, Encoding encoding, string text, Random random, string because)
    {
        int budget = random.Next(1, 40);
        IReadOnlyList<TokenSpan> parts;
        try
        {
            parts = tokenizer.SplitAtBudget(text, budget);
        }
        catch (ArgumentException e)
        {
            e.Message.ShouldContain("Raise the budget", customMessage: because);
            return;
        }
        string.Concat(parts.Select(p => text[p.Start..p.End])).ShouldBe(text, because);
        parts.ShouldAllBe(p => p.Tokens <= budget && p.Start <= p.End, because);
        parts.Sum(p => p.Tokens).ShouldBe(encoding.Ids.Length, because);
    }

    private static void CheckSurrogates(Tokenizer tokenizer, Encoding encoding, string text, string because)
    {
        Encoding whole = tokenizer.Encode(RandomText.Whole(text), new EncodeOptions { AddSpecialTokens = false });
        (whole.Ids.SequenceEqual(encoding.Ids) && whole.Starts.SequenceEqual(encoding.Starts) && whole.Ends.SequenceEqual(encoding.Ends)).ShouldBeTrue(because);
        whole.Tokens.ShouldBe(encoding.Tokens, because);
    }
}
