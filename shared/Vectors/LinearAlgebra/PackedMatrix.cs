using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors.LinearAlgebra;

/// <summary>
/// The right side of a float32 product, packed once into panels of 32 columns. Every number of the product is one chain of fused multiply-adds along
/// the inner dimension, so that vector width, blocking and the number of cores never change its bits.
/// </summary>
public sealed class PackedMatrix
{
    // A tile is 4 rows by one panel: 8 sums of 512 bits, or 8 of 256 twice. 64 rows at a time stay in the second-level cache under all panels.
    private const int Panel = 32, Tile = 4, RowBlock = 64;
    private readonly float[] _panels;

    private PackedMatrix(int inner, int columns)
    {
        (Inner, Columns) = (inner, columns);
        _panels = new float[(columns + Panel - 1) / Panel * Panel * inner];
    }

    /// <summary>Rows of the right side.</summary>
    public int Inner { get; }

    /// <summary>Columns of the right side and of the product.</summary>
    public int Columns { get; }

    /// <summary>Packs a row-major matrix of <paramref name="inner"/> x <paramref name="columns"/>.</summary>
    public static PackedMatrix Of(ReadOnlySpan<float> b, int inner, int columns)
    {
        RequireSize(b.Length, inner, columns);
        PackedMatrix packed = new(inner, columns);
        for (int k = 0; k < inner; k++)
        {
            for (int j = 0; j < columns; j++)
            {
                packed._panels[packed.Place(k, j)] = b[k * columns + j];
            }
        }
        return packed;
    }

    /// <summary>Packs the transpose of a row-major matrix of <paramref name="columns"/> x <paramref name="inner"/>: products are dots with its rows.</summary>
    public static PackedMatrix OfTransposed(ReadOnlySpan<float> b, int columns, int inner)
    {
        RequireSize(b.Length, columns, inner);
        PackedMatrix packed = new(inner, columns);
        for (int j = 0; j < columns; j++)
        {
            for (int k = 0; k < inner; k++)
            {
                packed._panels[packed.Place(k, j)] = b[j * inner + k];
            }
        }
        return packed;
    }

    /// <summary>Rows x inner times inner x columns, row-major.</summary>
    public void Multiply(ReadOnlySpan<float> a, int rows, Span<float> product)
    {
        RequireSize(a.Length, rows, Inner);
        RequireSize(product.Length, rows, Columns);
        for (int first = 0; first < rows; first += RowBlock)
        {
            int count = Math.Min(RowBlock, rows - first);
            MultiplyBlock(a.Slice(first * Inner, count * Inner), count, product.Slice(first * Columns, count * Columns));
        }
    }

    /// <summary>The same on several cores.</summary>
    public void Multiply(ReadOnlyMemory<float> a, int rows, Memory<float> product, CancellationToken cancellationToken)
    {
        RequireSize(a.Length, rows, Inner);
        RequireSize(product.Length, rows, Columns);
        Parallel.For(0, (rows + RowBlock - 1) / RowBlock, new ParallelOptions { CancellationToken = cancellationToken }, block =>
        {
            int first = block * RowBlock, count = Math.Min(RowBlock, rows - first);
            MultiplyBlock(a.Span.Slice(first * Inner, count * Inner), count, product.Span.Slice(first * Columns, count * Columns));
        });
    }

    /// <summary>The scalar twin: the same chains.</summary>
    public void MultiplyScalar(ReadOnlySpan<float> a, int rows, Span<float> product)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                float sum = 0;
                for (int k = 0; k < Inner; k++)
                {
                    sum = MathF.FusedMultiplyAdd(a[i * Inner + k], _panels[Place(k, j)], sum);
                }
                product[i * Columns + j] = sum;
            }
        }
    }

    private int Place(int k, int j) => (j / Panel * Inner + k) * Panel + j % Panel;

    private void MultiplyBlock(ReadOnlySpan<float> a, int rows, Span<float> product)
    {
        Span<float> tile = stackalloc float[Tile * Panel];
        for (int column = 0; column < Columns; column += Panel)
        {
            ref float panel = ref MemoryMarshal.GetReference(_panels.AsSpan(column * Inner));
            for (int row = 0; row < rows; row += Tile)
            {
                MultiplyTile(a, row, rows - 1, ref panel, tile);
                Store(tile, product, row, Math.Min(Tile, rows - row), column);
            }
        }
    }

    /// <summary>At the end of the rows the last one is taken again in place of those that are not there.</summary>
    private void MultiplyTile(ReadOnlySpan<float> a, int row, int last, ref float panel, Span<float> tile)
    {
        ref float a0 = ref Unsafe.AsRef(in a[row * Inner]);
        ref float a1 = ref Unsafe.AsRef(in a[Math.Min(row + 1, last) * Inner]);
        ref float a2 = ref Unsafe.AsRef(in a[Math.Min(row + 2, last) * Inner]);
        ref float a3 = ref Unsafe.AsRef(in a[Math.Min(row + 3, last) * Inner]);
        if (Vector512.IsHardwareAccelerated)
        {
            Tile512(ref a0, ref a1, ref a2, ref a3, ref panel, Inner, ref tile[0]);
        }
        else
        {
            Tile256(ref a0, ref a1, ref a2, ref a3, ref panel, Inner, ref tile[0]);
            Tile256(ref a0, ref a1, ref a2, ref a3, ref Unsafe.Add(ref panel, Panel / 2), Inner, ref tile[Panel / 2]);
        }
    }

    private static void Tile512(ref float a0, ref float a1, ref float a2, ref float a3, ref float panel, int inner, ref float tile)
    {
        Vector512<float> c00 = Vector512<float>.Zero, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
        for (int k = 0; k < inner; k++)
        {
            Vector512<float> b0 = Vector512.LoadUnsafe(ref panel), b1 = Vector512.LoadUnsafe(ref panel, 16);
            Vector512<float> x = Vector512.Create(Unsafe.Add(ref a0, k)), y = Vector512.Create(Unsafe.Add(ref a1, k));
            (c00, c01) = (Vector512.FusedMultiplyAdd(x, b0, c00), Vector512.FusedMultiplyAdd(x, b1, c01));
            (c10, c11) = (Vector512.FusedMultiplyAdd(y, b0, c10), Vector512.FusedMultiplyAdd(y, b1, c11));
            (x, y) = (Vector512.Create(Unsafe.Add(ref a2, k)), Vector512.Create(Unsafe.Add(ref a3, k)));
            (c20, c21) = (Vector512.FusedMultiplyAdd(x, b0, c20), Vector512.FusedMultiplyAdd(x, b1, c21));
            (c30, c31) = (Vector512.FusedMultiplyAdd(y, b0, c30), Vector512.FusedMultiplyAdd(y, b1, c31));
            panel = ref Unsafe.Add(ref panel, Panel);
        }
        Store512(c00, c01, ref tile);
        Store512(c10, c11, ref Unsafe.Add(ref tile, Panel));
        Store512(c20, c21, ref Unsafe.Add(ref tile, 2 * Panel));
        Store512(c30, c31, ref Unsafe.Add(ref tile, 3 * Panel));
    }

    private static void Store512(Vector512<float> left, Vector512<float> right, ref float tile)
    {
        left.StoreUnsafe(ref tile);
        right.StoreUnsafe(ref tile, 16);
    }

    private static void Tile256(ref float a0, ref float a1, ref float a2, ref float a3, ref float panel, int inner, ref float tile)
    {
        Vector256<float> c00 = Vector256<float>.Zero, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
        for (int k = 0; k < inner; k++)
        {
            Vector256<float> b0 = Vector256.LoadUnsafe(ref panel), b1 = Vector256.LoadUnsafe(ref panel, 8);
            Vector256<float> x = Vector256.Create(Unsafe.Add(ref a0, k)), y = Vector256.Create(Unsafe.Add(ref a1, k));
            (c00, c01) = (Vector256.FusedMultiplyAdd(x, b0, c00), Vector256.FusedMultiplyAdd(x, b1, c01));
            (c10, c11) = (Vector256.FusedMultiplyAdd(y, b0, c10), Vector256.FusedMultiplyAdd(y, b1, c11));
            (x, y) = (Vector256.Create(Unsafe.Add(ref a2, k)), Vector256.Create(Unsafe.Add(ref a3, k)));
            (c20, c21) = (Vector256.FusedMultiplyAdd(x, b0, c20), Vector256.FusedMultiplyAdd(x, b1, c21));
            (c30, c31) = (Vector256.FusedMultiplyAdd(y, b0, c30), Vector256.FusedMultiplyAdd(y, b1, c31));
            panel = ref Unsafe.Add(ref panel, Panel);
        }
        Store256(c00, c01, ref tile);
        Store256(c10, c11, ref Unsafe.Add(ref tile, Panel));
        Store256(c20, c21, ref Unsafe.Add(ref tile, 2 * Panel));
        Store256(c30, c31, ref Unsafe.Add(ref tile, 3 * Panel));
    }

    private static void Store256(Vector256<float> left, Vector256<float> right, ref float tile)
    {
        left.StoreUnsafe(ref tile);
        right.StoreUnsafe(ref tile, 8);
    }

    private void Store(ReadOnlySpan<float> tile, Span<float> product, int row, int rows, int column)
    {
        int count = Math.Min(Panel, Columns - column);
        for (int i = 0; i < rows; i++)
        {
            tile.Slice(i * Panel, count).CopyTo(product[((row + i) * Columns + column)..]);
        }
    }

    private static void RequireSize(int length, int rows, int columns)
    {
        if (length != (long)rows * columns)
        {
            throw new ArgumentException($"{length} numbers are not a matrix of {rows} x {columns}.");
        }
    }
}
