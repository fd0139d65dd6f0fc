using System.Numerics;
using System.Runtime.InteropServices;

namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>A dense matrix of float64, row-major. Small enough for one array: what is fitted here has some thousand rows and columns at most.</summary>
public sealed class Matrix
{
    private readonly double[] _values;

    /// <summary>All zeros.</summary>
    public Matrix(int rows, int columns) : this(rows, columns, new double[checked(rows * columns)])
    {
    }

    /// <summary>Takes the values as they are, without a copy.</summary>
    public Matrix(int rows, int columns, double[] values)
    {
        if (values.Length != checked(rows * columns))
        {
            throw new ArgumentException($"A matrix of {rows} x {columns} has {rows * columns} numbers, not {values.Length}.", nameof(values));
        }
        (Rows, Columns, _values) = (rows, columns, values);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Numbers in a row.</summary>
    public int Columns { get; }

    /// <summary>All numbers, row after row.</summary>
    public Span<double> Values => _values;

    /// <summary>One number.</summary>
    public double this[int row, int column]
    {
        get => _values[row * Columns + column];
        set => _values[row * Columns + column] = value;
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

    /// <summary>A row, in place.</summary>
    public Span<double> Row(int row) => _values.AsSpan(row * Columns, Columns);

    /// <summary>A copy.</summary>
    public Matrix Copy() => new(Rows, Columns, [.. _values]);

    /// <summary>Rows as columns.</summary>
    public Matrix Transposed()
    {
        Matrix result = new(Columns, Rows);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                result[j, i] = this[i, j];
            }
        }
        return result;
    }

    /// <summary>This times the other.</summary>
    public Matrix Times(Matrix other)
    {
        Require(Columns, other.Rows);
        Matrix result = new(Rows, other.Columns);
        for (int i = 0; i < Rows; i++)
        {
            for (int k = 0; k < Columns; k++)
            {
                AddScaled(this[i, k], other.Row(k), result.Row(i));
            }
        }
        return result;
    }

    /// <summary>This, transposed, times the other: sums over the rows of both.</summary>
    public Matrix TransposedTimes(Matrix other)
    {
        Require(Rows, other.Rows);
        Matrix result = new(Columns, other.Columns);
        for (int r = 0; r < Rows; r++)
        {
            for (int i = 0; i < Columns; i++)
            {
                AddScaled(this[r, i], other.Row(r), result.Row(i));
            }
        }
        return result;
    }

    /// <summary>Inner product of two rows of numbers.</summary>
    internal static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ReadOnlySpan<Vector<double>> x = MemoryMarshal.Cast<double, Vector<double>>(a), y = MemoryMarshal.Cast<double, Vector<double>>(b)[..x.Length];
        Vector<double> first = Vector<double>.Zero, second = first;
        int i = 0;
        for (; i + 2 <= x.Length; i += 2)
        {
            first = Vector.FusedMultiplyAdd(x[i], y[i], first);
            second = Vector.FusedMultiplyAdd(x[i + 1], y[i + 1], second);
        }
        double sum = Vector.Sum(first + second);
        for (int j = i * Vector<double>.Count; j < a.Length; j++)
        {
            sum += a[j] * b[j];
        }
        return sum;
    }

    /// <summary>target += factor x source.</summary>
    internal static void AddScaled(double factor, ReadOnlySpan<double> source, Span<double> target)
    {
        ReadOnlySpan<Vector<double>> x = MemoryMarshal.Cast<double, Vector<double>>(source);
        Span<Vector<double>> y = MemoryMarshal.Cast<double, Vector<double>>(target)[..x.Length];
        Vector<double> factors = new(factor);
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = Vector.FusedMultiplyAdd(factors, x[i], y[i]);
        }
        for (int j = x.Length * Vector<double>.Count; j < source.Length; j++)
        {
            target[j] += factor * source[j];
        }
    }

    /// <summary>A plane rotation of two rows: (a, b) becomes (cosine a - sine b, sine a + cosine b).</summary>
    internal static void Rotate(Span<double> a, Span<double> b, double cosine, double sine)
    {
        Span<Vector<double>> x = MemoryMarshal.Cast<double, Vector<double>>(a), y = MemoryMarshal.Cast<double, Vector<double>>(b)[..x.Length];
        Vector<double> c = new(cosine), s = new(sine);
        for (int i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (c * x[i] - s * y[i], s * x[i] + c * y[i]);
        }
        for (int j = x.Length * Vector<double>.Count; j < a.Length; j++)
        {
            (a[j], b[j]) = (cosine * a[j] - sine * b[j], sine * a[j] + cosine * b[j]);
        }
    }

    private static void Require(int inner, int other)
    {
        if (inner != other)
        {
            throw new ArgumentException($"Matrices of {inner} and {other} numbers along the summed side cannot be multiplied.");
        }
    }
}
