using Retrieval.Vectors.Advisor;

namespace Retrieval.UnitTests.Vectors.Advisor;

public sealed class CodecChoiceTests
{
    private static readonly CodecTrial[] Trials =
    [
        Trial("big", 400, 0.999, 1, 9), Trial("middle", 100, 0.95, 0.999, 4), Trial("near", 60, 0.945, 0.998, 1), Trial("small", 50, 0.80, 0.985, 2), Trial("tiny", 10, 0.40, 0.70, 1),
    ];

    [Theory]
    [InlineData(null, null, null, true, "near")]
    [InlineData(null, 0.9, null, false, "near")]
    [InlineData(null, 0.95, null, true, "small")]
    [InlineData(null, 0.5, null, true, "tiny")]
    [InlineData(null, 0.98, null, false, "big")]
    [InlineData(120.0, null, null, false, "near")]
    [InlineData(55.0, null, null, true, "small")]
    [InlineData(null, 0.9, 1.5, false, "near")]
    [InlineData(null, null, 0.5, true, null)]
    [InlineData(5.0, null, null, true, null)]
    [InlineData(55.0, 0.99, null, true, null)]
    public void The_fewest_bytes_that_surely_do_are_taken(double? bytes, double? recall, double? milliseconds, bool rescored, string? expected) =>
        (CodecChoice.Of(Trials, new CodecNeeds(bytes, recall, milliseconds, rescored)).Trial?.Codec).ShouldBe(expected);

    [Fact]
    public void When_nothing_does_the_reason_names_the_best_and_the_limits()
    {
        CodecChoice.Of(Trials, new CodecNeeds(55, 0.99, null, true)).Reason.ShouldContain("within 55 bytes a vector surely has a recall@10 of 0.99: the best is small with 0.985 (0.975 to 0.995)");
        CodecChoice.Of(Trials, new CodecNeeds(5, null, 2, true)).Reason.ShouldContain("within 5 bytes a vector and 2 ms a query");
        CodecChoice.Of([], new CodecNeeds(null, null, null, true)).Trial.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_interval_holds_the_mean_stays_within_0_to_1_and_covers_the_truth_nearly_always(int seed)
    {
        Random random = new(seed);
        int covered = 0;
        for (int i = 0; i < 400; i++)
        {
            double truth = random.NextDouble();
            double[] recalls = [.. Enumerable.Range(0, 200).Select(_ => Enumerable.Range(0, 10).Count(_ => random.NextDouble() < truth) / 10.0)];
            RecallInterval interval = RecallInterval.Of(recalls, 10);
            interval.Low.ShouldBeInRange(0, interval.Value);
            interval.High.ShouldBeInRange(interval.Value, 1);
            covered += interval.Low <= truth && truth <= interval.High ? 1 : 0;
        }
        covered.ShouldBeGreaterThan(400 * 90 / 100, $"seed {seed}");
    }

    [Fact]
    public void Perfect_queries_still_leave_a_doubt_and_queries_that_differ_leave_more()
    {
        RecallInterval.Of([.. Enumerable.Repeat(1.0, 100)], 10).Low.ShouldBeInRange(0.99, 0.9999);
        double[] alike = [.. Enumerable.Repeat(0.5, 100)], apart = [.. Enumerable.Range(0, 100).Select(i => i % 2.0)];
        (RecallInterval near, RecallInterval far) = (RecallInterval.Of(alike, 10), RecallInterval.Of(apart, 10));
        (far.High - far.Low).ShouldBeGreaterThan(2 * (near.High - near.Low));
        RecallInterval.Of([0.5], 10).Value.ShouldBe(0.5);
    }

    private static CodecTrial Trial(string name, double bytes, double plain, double rescored, double milliseconds) =>
        new(name, bytes, bytes / 1536, new SearchTrial(Interval(plain), milliseconds), new SearchTrial(Interval(rescored), milliseconds + 0.1), 1, 1);

    private static RecallInterval Interval(double value) => new(value, value - 0.01, Math.Min(1, value + 0.01));
}
