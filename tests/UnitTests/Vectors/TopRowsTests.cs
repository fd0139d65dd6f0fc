using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors;

public sealed class TopRowsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_best_rows_are_those_of_a_full_sort(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 500; round++)
        {
            int n = random.Next(200), k = random.Next(1, 250), distinct = random.Next(1, 50);
            (int Row, float Score)[] rows = [.. Enumerable.Range(0, n).Select(row => (row, (float)random.Next(distinct) - distinct / 2))];
            random.Shuffle(rows);
            TopRows top = new(k);
            foreach ((int row, float score) in rows)
            {
                top.Add(row, score);
            }
            top.Floor.ShouldBe(n < k ? float.NegativeInfinity : rows.Select(r => r.Score).OrderDescending().ElementAt(k - 1), $"seed {seed}, round {round}");
            top.ToSorted().ShouldBe(rows.OrderByDescending(r => r.Score).ThenBy(r => r.Row).Take(k), $"seed {seed}, round {round}, n {n}, k {k}, {distinct} scores");
        }
    }

    [Fact]
    public void Sorting_leaves_the_rows_open_for_more()
    {
        TopRows top = new(2);
        top.Add(0, 1);
        top.Add(1, 3);
        top.ToSorted().ShouldBe([(1, 3f), (0, 1f)]);
        top.Add(2, 2);
        top.ToSorted().ShouldBe([(1, 3f), (2, 2f)]);
    }

    [Fact]
    public void A_score_that_is_not_a_number_is_never_among_the_best()
    {
        TopRows top = new(2);
        foreach ((int row, float score) in new[] { (0, float.NaN), (1, -1f), (2, float.NaN), (3, float.NegativeInfinity), (4, 5f) })
        {
            top.Add(row, score);
        }
        top.ToSorted().ShouldBe([(4, 5f), (1, -1f)]);
    }
}
