using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors;

public sealed class ExactScanTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_scan_of_blocks_finds_what_a_sort_of_the_allowed_rows_finds(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 60; round++)
        {
            int dimensions = random.Next(1, 80), rows = random.Next(0, 300), blockRows = random.Next(1, 64), k = random.Next(1, 20);
            float[] query = Numbers(random, dimensions), all = Numbers(random, rows * dimensions);
            RowBitmap allowed = new(rows);
            for (int row = 0; row < rows; row++)
            {
                allowed[row] = random.Next(3) > 0;
            }
            TopRows top = new(k);
            for (int first = 0; first < rows; first += blockRows)
            {
                ExactScan.Scan(query, all.AsSpan(first * dimensions), Math.Min(blockRows, rows - first), first, allowed, top);
            }
            IEnumerable<(int, float)> expected = Enumerable.Range(0, rows).Where(row => allowed[row])
                .Select(row => (Row: row, Score: Kernels.DotScalar(query, all.AsSpan(row * dimensions, dimensions))))
                .OrderByDescending(r => r.Score).ThenBy(r => r.Row).Take(k);
            top.ToSorted().ShouldBe(expected, $"seed {seed}, round {round}");
        }
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
