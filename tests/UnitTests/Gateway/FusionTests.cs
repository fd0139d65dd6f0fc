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

    [Fact]
    public void Relative_scores_stretch_each_channel_over_its_own_candidates() =>
        Fusion.RelativeScore(10, ([(1, 0.9), (2, 0.8), (3, 0.4)], 2), ([(3, 12.0), (1, 6.0), (4, 2.0)], 1)).ShouldBe([(1, 2 + 0.4), (2, 2 * ((0.8 - 0.4) / (0.9 - 0.4))), (3, 1), (4, 0)]);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Relative_scores_keep_their_order_when_a_channel_counts_in_other_units(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 500; i++)
        {
            (long, double)[] dense = Scores(random), lexical = Scores(random);
            (long, double)[] scaled = [.. lexical.Select(l => (l.Item1, l.Item2 * 4 + 8))]; // powers of two: no bit is lost
            Fusion.RelativeScore(20, (dense, 2), (scaled, 1)).Select(f => f.Row).ShouldBe(Fusion.RelativeScore(20, (dense, 2), (lexical, 1)).Select(f => f.Row), $"seed {seed}, scores {i}");
        }
    }

    [Fact]
    public void A_channel_whose_candidates_score_alike_gives_each_its_whole_weight()
    {
        Fusion.RelativeScore(10, ([], 2), ([], 1)).ShouldBeEmpty();
        Fusion.RelativeScore(10, ([], 2), ([(7, 3.5)], 1)).ShouldBe([(7, 1.0)]);
        Fusion.RelativeScore(10, ([(5, 0.5), (6, 0.5)], 2), ([(6, 3.5)], 1)).ShouldBe([(6, 3.0), (5, 2.0)]);
    }

    /// <summary>Rows with multiples of 1/64 as scores, best first.</summary>
    private static (long, double)[] Scores(Random random) => [.. Ranks(random).Select(row => (row, random.Next(256) / 64.0)).OrderByDescending(s => s.Item2)];

    private static long[] Ranks(Random random) => [.. Enumerable.Range(0, random.Next(40)).Select(_ => (long)random.Next(50)).Distinct()];

    private static double Share(long[] rows, long row, double weight, double k) => Array.IndexOf(rows, row) is >= 0 and int at ? weight / (k + at + 1) : 0;
}
