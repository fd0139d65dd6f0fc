using Retrieval.Vectors;

namespace Retrieval.UnitTests.Vectors;

public sealed class RowBitmapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_answers_like_a_set_of_rows_while_it_grows(int seed)
    {
        Random random = new(seed);
        RowBitmap bitmap = new(0);
        HashSet<int> rows = [];
        for (int round = 0; round < 2000; round++)
        {
            if (bitmap.Rows == 0 || random.Next(20) == 0)
            {
                bitmap = bitmap.Grown(bitmap.Rows + random.Next(1, 100));
            }
            int row = random.Next(bitmap.Rows);
            bool on = random.Next(2) == 0;
            bitmap[row] = on;
            _ = on ? rows.Add(row) : rows.Remove(row);
            int probe = random.Next(-5, bitmap.Rows + 200);
            bitmap[probe].ShouldBe(rows.Contains(probe), $"seed {seed}, round {round}, row {probe}");
        }
        for (int first = 0; first < bitmap.Rows + 130; first += 32)
        {
            Enumerable.Range(first, 32).Where(r => (bitmap.Word32(first) >> r - first & 1) == 1).ShouldBe(rows.Where(r => r / 32 == first / 32).Order(), $"seed {seed}, row {first}");
        }
        Enumerable.Range(-1, bitmap.Rows + 130).Where(r => bitmap[r]).ShouldBe(rows.Order(), $"seed {seed}");
    }

    [Fact]
    public void A_grown_copy_and_its_source_do_not_touch_each_other()
    {
        RowBitmap source = new(10);
        source[3] = true;
        RowBitmap grown = source.Grown(70);
        (grown[3], grown[64]) = (false, true);
        (source[3], grown[3], source[64], grown[64]).ShouldBe((true, false, false, true));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    [InlineData(63)]
    [InlineData(64)]
    public void A_row_that_it_does_not_have_cannot_be_set(int row)
    {
        RowBitmap bitmap = new(10);
        Should.Throw<ArgumentOutOfRangeException>(() => bitmap[row] = true);
        bitmap.Grown(100)[Math.Max(0, row)].ShouldBeFalse();
    }

    [Fact]
    public void It_does_not_shrink() => Should.Throw<ArgumentOutOfRangeException>(() => new RowBitmap(10).Grown(9));
}
