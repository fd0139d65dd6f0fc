using Retrieval.Vectors.LinearAlgebra;

namespace Retrieval.UnitTests.Vectors.LinearAlgebra;

/// <summary>Seeded matrices and what is compared of them.</summary>
internal static class RandomMatrix
{
    public static Matrix Of(Random random, int rows, int columns)
    {
        Matrix matrix = new(rows, columns);
        foreach (ref double value in matrix.Values.AsSpan())
        {
            value = Normal(random);
        }
        return matrix;
    }

    public static double Largest(Matrix a, Matrix b)
    {
        (a.Rows, a.Columns).ShouldBe((b.Rows, b.Columns));
        double largest = 0;
        for (int i = 0; i < a.Values.Length; i++)
        {
            double difference = Math.Abs(a.Values[i] - b.Values[i]);
            largest = double.IsNaN(difference) ? double.NaN : Math.Max(largest, difference);
        }
        return largest;
    }

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
