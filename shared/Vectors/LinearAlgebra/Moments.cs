namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>Mean and second moments of float32 rows: products of 512 rows in float32, sums of them in double.</summary>
public static class Moments
{
    private const int Block = 512;

    /// <summary>The mean of the rows.</summary>
    public static double[] Mean(ReadOnlySpan<float> rows, int dimensions)
    {
        double[] sum = new double[dimensions];
        for (int at = 0; at < rows.Length; at += dimensions)
        {
            for (int j = 0; j < dimensions; j++)
            {
                sum[j] += rows[at + j];
            }
        }
        int count = rows.Length / dimensions;
        return [.. sum.Select(s => s / count)];
    }

    /// <summary>A'B of two sets of as many rows, not divided by their number.</summary>
    public static Matrix Cross(ReadOnlyMemory<float> a, int columnsA, ReadOnlyMemory<float> b, int columnsB, CancellationToken cancellationToken)
    {
        int rows = a.Length / columnsA;
        if (a.Length != rows * columnsA || b.Length != rows * columnsB)
        {
            throw new ArgumentException($"{a.Length} and {b.Length} numbers are not as many rows of {columnsA} and {columnsB}.");
        }
        Matrix sum = new(columnsA, columnsB);
        float[] product = new float[columnsA * columnsB];
        for (int first = 0; first < rows; first += Block)
        {
            int count = Math.Min(Block, rows - first);
            PackedMatrix right = PackedMatrix.Of(b.Span.Slice(first * columnsB, count * columnsB), count, columnsB);
            right.Multiply(Transposed(a.Span.Slice(first * columnsA, count * columnsA), columnsA), columnsA, product, cancellationToken);
            for (int i = 0; i < product.Length; i++)
            {
                sum.Values[i] += product[i];
            }
        }
        return sum;
    }

    private static float[] Transposed(ReadOnlySpan<float> rows, int columns)
    {
        int count = rows.Length / columns;
        float[] transposed = new float[rows.Length];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                transposed[j * count + i] = rows[i * columns + j];
            }
        }
        return transposed;
    }
}
