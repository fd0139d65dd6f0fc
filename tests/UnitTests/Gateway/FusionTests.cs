using Retrieval.Gateway;

namespace Retrieval.UnitTests.Gateway;

public sealed class FusionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Scores_are_the_formula_and_the_order_is_by_score_then_by_first_appearance(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 500; i++)
        {
            double k = random.Next(0, 70), weight = random.Next(0, 4) / 2.0;
            long[] dense = Ranks(random), lexical = Ranks(random);
            int top = random.Next(1, 60);
            List<(long Row, double Score)> fused = Fusion.ReciprocalRank(k, top, (dense, weight), (lexical, 1));
            List<(long Row, double Score)> expected = [.. dense.Concat(lexical).Distinct().Select(row => (row, Share(dense, row, weight, k) + Share(lexical, row, 1, k))).OrderByDescending(r => r.Item2).Take(top)];
            fused.Select(f => f.Row).ShouldBe(expected.Select(e => e.Row), $"seed {seed}, ranks {i}");
            fused.Zip(expected).ShouldAllBe(p => Math.Abs(p.First.Score - p.Second.Score) < 1e-12, $"seed {seed}, ranks {i}");
        }
    }

    [Fact]
    public void At_equal_scores_the_row_that_an_earlier_channel_ranks_first_wins() =>
        Fusion.ReciprocalRank(2, 10, ([5, 1], 1), ([9, 3], 1)).Select(f => f.Row).ShouldBe([5, 9, 1, 3]);

    [Fact]
    public void Empty_channels_add_nothing()
    {
        Fusion.ReciprocalRank(2, 10, ([], 2), ([], 1)).ShouldBeEmpty();
        Fusion.ReciprocalRank(2, 10, ([], 2), ([7], 1)).ShouldBe([(7, 1.0 / 3)]);
    }

    private static long[] Ranks(Random random) => [.. Enumerable.Range(0, random.Next(40)).Select(_ => (long)random.Next(50)).Distinct()];

    private static double Share(long[] rows, long row, double weight, double k) => Array.IndexOf(rows, row) is >= 0 and int at ? weight / (k + at + 1) : 0;
}
