using Microsoft.Extensions.Logging.Abstractions;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.UnitTests.Encoder;

/// <summary>Vectors of parts of a text (late chunking).</summary>
public sealed class SpanTests
{
    private const string Text = "Berlin is the capital of Germany. Its more than 3.85 million inhabitants make it the largest city of the European Union. The city is one of the states of Germany.";

    [Fact]
    public async Task A_part_that_is_the_whole_text_has_the_texts_vector_bit_for_bit()
    {
        using LocalEncoder encoder = Load();
        foreach (string text in (string[])[Text, "a", "日本語のテキスト。", "\U0001F600 smile"])
        {
            float[] plain = (await encoder.EmbedAsync(new EmbedRequest([text], InputKind.Document), default)).Vectors[0];
            (await EmbedAsync(encoder, text, new TextSpan(0, text.Length)))[0].ShouldBe(plain);
        }
    }

    [Fact]
    public async Task Parts_weighted_by_their_tokens_are_the_whole_and_each_has_unit_length()
    {
        using LocalEncoder encoder = Load();
        int first = Text.IndexOf(" Its", StringComparison.Ordinal), second = Text.IndexOf(" The city", StringComparison.Ordinal);
        List<float[]> parts = await EmbedAsync(encoder, Text, new TextSpan(0, first), new TextSpan(first + 1, second), new TextSpan(second + 1, Text.Length));
        parts.Count.ShouldBe(3);
        parts.ShouldAllBe(p => Math.Abs(Dot(p, p) - 1) < 1e-5);
        // "The city" alone says nothing of Berlin; pooled late it does.
        float[] question = (await encoder.EmbedAsync(new EmbedRequest(["Berlin"], InputKind.Query), default)).Vectors[0];
        float[] alone = (await encoder.EmbedAsync(new EmbedRequest([Text[(second + 1)..]], InputKind.Document), default)).Vectors[0];
        Dot(question, parts[2]).ShouldBeGreaterThan(Dot(question, alone));
    }

    [Fact]
    public async Task Several_texts_answer_with_their_parts_in_order_and_as_alone()
    {
        using LocalEncoder encoder = Load();
        const string Other = "Second text. With two sentences.";
        EmbedRequest request = new([Text, Other], InputKind.Document) { Spans = [[new(0, 33), new(34, Text.Length)], [new(13, Other.Length)]] };
        EmbedResult both = await encoder.EmbedAsync(request, default);
        List<float[]> alone = [.. await EmbedAsync(encoder, Text, new(0, 33), new(34, Text.Length)), .. await EmbedAsync(encoder, Other, new TextSpan(13, Other.Length))];
        both.Vectors.Count.ShouldBe(3);
        foreach ((float[] one, float[] other) in both.Vectors.Zip(alone))
        {
            Dot(one, other).ShouldBeGreaterThan(0.99999);
        }
    }

    [Fact]
    public async Task What_has_no_vector_is_refused()
    {
        using LocalEncoder encoder = Load();
        foreach (EmbedRequest wrong in (EmbedRequest[])[
            new(["text"]) { Spans = [] }, new(["text"]) { Spans = [[new(0, 5)]] }, new(["text"]) { Spans = [[new(2, 2)]] }, new(["a   b"]) { Spans = [[new(1, 3)]] }, new([string.Join(' ', Enumerable.Repeat("word", 600))]) { Spans = [[new(0, 4)]] }])
        {
            (await Should.ThrowAsync<RetrievalException>(() => encoder.EmbedAsync(wrong, default))).Problem.Kind.ShouldBe(ErrorKind.Invalid);
        }
    }

    private static async Task<List<float[]>> EmbedAsync(LocalEncoder encoder, string text, params TextSpan[] spans) => [.. (await encoder.EmbedAsync(new EmbedRequest([text], InputKind.Document) { Spans = [spans] }, default)).Vectors];

    private static double Dot(float[] a, float[] b) => a.Zip(b).Sum(p => (double)p.First * p.Second);

    private static LocalEncoder Load() => LocalEncoder.Load(new EncoderOptions { Provider = "cpu", Models = [new ModelOptions { Path = TestData.DefaultModel }] }, NullLogger.Instance);
}
