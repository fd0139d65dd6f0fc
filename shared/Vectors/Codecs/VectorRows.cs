namespace Retrieval.Vectors.Codecs;

/// <summary>Rows of numbers that may be coded.</summary>
internal static class VectorRows
{
    // Rounding of float32 lengths and of a cast from float64, with room; not a vector that someone forgot to normalise.
    private const float UnitTolerance = 0.01f;

    /// <summary>The number of rows; refuses other dimensions and numbers that are not finite.</summary>
    public static int Require(ReadOnlySpan<float> values, int dimensions, string who)
    {
        if (dimensions < 1 || values.Length % dimensions != 0)
        {
            throw new ArgumentException($"{who} takes rows of {dimensions} dimensions; {values.Length} numbers are not whole rows of it.");
        }
        for (int at = 0; at < values.Length; at += dimensions)
        {
            ReadOnlySpan<float> row = values.Slice(at, dimensions);
            if (!float.IsFinite(Kernels.Dot(row, row)))
            {
                RequireFinite(row, at / dimensions, who);
            }
        }
        return values.Length / dimensions;
    }

    /// <summary>Whether every row has unit length.</summary>
    public static bool AreUnit(ReadOnlySpan<float> values, int dimensions)
    {
        for (int at = 0; at < values.Length; at += dimensions)
        {
            if (!IsUnit(values.Slice(at, dimensions)))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether a row has unit length.</summary>
    public static bool IsUnit(ReadOnlySpan<float> row) => MathF.Abs(MathF.Sqrt(Kernels.Dot(row, row)) - 1) <= UnitTolerance;

    private static void RequireFinite(ReadOnlySpan<float> row, int number, string who)
    {
        for (int i = 0; i < row.Length; i++)
        {
            if (!float.IsFinite(row[i]))
            {
                throw new ArgumentException($"{who} takes finite numbers; row {number}, dimension {i} is {row[i]}.");
            }
        }
    }
}
