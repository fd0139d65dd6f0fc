using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Vectors;

namespace Retrieval.UnitTests.Encoder.Heads;

public sealed class LateInteractionTests
{
    private const int Width = 8;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 2)]
    [InlineData(8, 4)]
    [InlineData(9, 3)]
    [InlineData(3, 100)]
    [InlineData(0, 2)]
    public void Pooled_tokens_are_the_directions_of_their_sums_and_cover_their_text(int tokens, int factor)
    {
        TokenVectors text = Some(tokens, 3);
        TokenVectors pooled = LateInteraction.Pool(text, factor);
        int groups = (tokens + factor - 1) / factor;
        (pooled.Starts.Length, pooled.Ends.Length, pooled.Values.Length).ShouldBe((groups, groups, groups * Width));
        for (int group = 0; group < groups; group++)
        {
            int from = group * factor, to = Math.Min(tokens, from + factor);
            double[] sum = [.. Enumerable.Range(0, Width).Select(d => Enumerable.Range(from, to - from).Sum(t => (double)text.Values[t * Width + d]))];
            double length = Math.Sqrt(sum.Sum(x => x * x));
            for (int d = 0; d < Width; d++)
            {
                ((double)pooled.Values[group * Width + d]).ShouldBe(sum[d] / length, 1e-6);
            }
            (pooled.Starts[group], pooled.Ends[group]).ShouldBe((text.Starts[from], text.Ends[to - 1]));
        }
    }

    [Fact]
    public void A_text_that_has_the_query_s_tokens_scores_one_and_more_tokens_never_lower_it()
    {
        TokenVectors query = Some(4, 5), other = Some(9, 6);
        TokenVectors both = new(Width, [.. other.Values, .. query.Values], [.. other.Starts, .. query.Starts], [.. other.Ends, .. query.Ends]);
        ((double)LateInteraction.MaxSim(query, both)).ShouldBe(1, 1e-6);
        LateInteraction.MaxSim(query, other).ShouldBeLessThan(1);
        LateInteraction.MaxSim(query, both).ShouldBeGreaterThanOrEqualTo(LateInteraction.MaxSim(query, other));
    }

    [Fact]
    public void Nothing_meets_nothing()
    {
        LateInteraction.MaxSim(Some(0, 1), Some(3, 1)).ShouldBe(0);
        LateInteraction.MaxSim(Some(3, 1), Some(0, 1)).ShouldBe(0);
    }

    private static TokenVectors Some(int tokens, int seed)
    {
        Random random = new(seed);
        float[] values = [.. Enumerable.Range(0, tokens * Width).Select(_ => random.NextSingle() - 0.5f)];
        for (int i = 0; i < tokens; i++)
        {
            Kernels.Normalize(values.AsSpan(i * Width, Width)).ShouldBeTrue();
        }
        return new TokenVectors(Width, values, [.. Enumerable.Range(0, tokens).Select(i => i * 3)], [.. Enumerable.Range(0, tokens).Select(i => i * 3 + 2)]);
    }
}
