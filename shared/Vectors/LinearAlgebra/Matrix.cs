using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>A row-major matrix of doubles: what decompositions work on. Large float32 products are <see cref="PackedMatrix"/>'s.</summary>
public sealed class Matrix
{
    /// <summary>Zeros.</summary>
    public Matrix(int rows, int columns) : this(rows, columns, new double[rows * columns]) { }

    /// <summary>Takes the numbers as they are, without a copy.</summary>
    public Matrix(int rows, int columns, double[] values)
    {
        if (values.Length != (long)rows * columns)
        {
            throw new ArgumentException($"{values.Length} numbers are not a matrix of {rows} x {columns}.", nameof(values));
        }
        (Rows, Columns, Values) = (rows, columns, values);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Row by row.</summary>
    public double[] Values { get; }

    /// <summary>One number.</summary>
    public double this[int row, int column]
    {
        get => Values[row * Columns + column];
        set => Values[row * Columns + column] = value;
    }

    /// <summary>From float32.</summary>
    public static Matrix Of(ReadOnlySpan<float> values, int rows, int columns)
    {
        Matrix matrix = new(rows, columns, new double[values.Length]);
        for (int i = 0; i < values.Length; i++)
        {
            matrix.Values[i] = values[i];
        }
        return matrix;
    }

    /// <summary>Ones on the diagonal.</summary>
    public static Matrix Identity(int size)
    {
        Matrix identity = new(size, size);
        for (int i = 0; i < size; i++)
        {
            identity[i, i] = 1;
        }
        return identity;
    }

    /// <summary>One row, writable.</summary>
    public Span<double> Row(int row) => Values.AsSpan(row * Columns, Columns);

    /// <summary>Rows become columns.</summary>
    public Matrix Transposed()
    {
        Matrix transposed = new(Columns, Rows);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                transposed.Values[j * Rows + i] = Values[i * Columns + j];
            }
        }
        return transposed;
    }

    /// <summary>Rounded to float32.</summary>
    public float[] ToSingles() => [.. Values.Select(x => (float)x)];

    /// <summary>The matrix product.</summary>
    public static Matrix operator *(Matrix a, Matrix b)
    {
        if (a.Columns != b.Rows)
        {
            throw new ArgumentException($"A matrix of {a.Rows} x {a.Columns} cannot be multiplied by one of {b.Rows} x {b.Columns}.");
        }
        Matrix product = new(a.Rows, b.Columns);
        for (int i = 0; i < a.Rows; i++)
        {
            for (int k = 0; k < a.Columns; k++)
            {
                AddScaled(a[i, k], b.Row(k), product.Row(i));
            }
        }
        return product;
    }

    /// <summary>Inner product in eight partial sums, on every machine.</summary>
    internal static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ReadOnlySpan<Vector256<double>> x = MemoryMarshal.Cast<double, Vector256<double>>(a), y = MemoryMarshal.Cast<double, Vector256<double>>(b)[..x.Length];
        Vector256<double> s0 = Vector256<double>.Zero, s1 = s0;
        int i = 0;
        for (; i + 2 <= x.Length; i += 2)
        {
            s0 += x[i] * y[i];
            s1 += x[i + 1] * y[i + 1];
        }
        double sum = Vector256.Sum(s0 + s1);
        for (int j = i * Vector256<double>.Count; j < a.Length; j++)
        {
            sum += a[j] * b[j];
        }
        return sum;
    }

    /// <summary>y += scale x.</summary>
    internal static void AddScaled(double scale, ReadOnlySpan<double> x, Span<double> y)
    {
        Vector256<double> by = Vector256.Create(scale);
        ReadOnlySpan<Vector256<double>> from = MemoryMarshal.Cast<double, Vector256<double>>(x);
        Span<Vector256<double>> to = MemoryMarshal.Cast<double, Vector256<double>>(y)[..from.Length];
        for (int i = 0; i < from.Length; i++)
        {
            to[i] += by * from[i];
        }
        for (int j = from.Length * Vector256<double>.Count; j < x.Length; j++)
        {
            y[j] += scale * x[j];
        }
    }

    /// <summary>The plane rotation (x, y) becomes (c x - s y, s x + c y).</summary>
    internal static void Rotate(Span<double> x, Span<double> y, double c, double s)
    {
        Vector256<double> cs = Vector256.Create(c), sn = Vector256.Create(s);
        Span<Vector256<double>> a = MemoryMarshal.Cast<double, Vector256<double>>(x), b = MemoryMarshal.Cast<double, Vector256<double>>(y)[..a.Length];
        for (int i = 0; i < a.Length; i++)
        {
            Vector256<double> was = a[i];
            a[i] = cs * was - sn * b[i];
            b[i] = sn * was + cs * b[i];
        }
        for (int j = a.Length * Vector256<double>.Count; j < x.Length; j++)
        {
            (x[j], y[j]) = (c * x[j] - s * y[j], s * x[j] + c * y[j]);
        }
    }
}
