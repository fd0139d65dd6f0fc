using Retrieval.Vectors;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>Bitmaps of rows.</summary>
internal static class Rows
{
    private static RowBitmap _all = new(0);

    /// <summary>All on; kept for the last number asked for.</summary>
    public static RowBitmap All(int rows)
    {
        if (_all.Rows != rows)
        {
            RowBitmap all = new(rows);
            for (int i = 0; i < rows; i++)
            {
                all[i] = true;
            }
            _all = all;
        }
        return _all;
    }
}
