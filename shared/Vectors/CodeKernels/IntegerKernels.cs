using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retrieval.Vectors;

/// <summary>Code against code in integers, which are exact in any order: signed bytes, halves of bytes, bits.</summary>
public static class IntegerKernels
{
    /// <summary>Inner product of signed bytes; exact up to 130,000 dimensions.</summary>
    public static int Dot(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b)
    {
        RequireEqual(a.Length, b.Length);
        ReadOnlySpan<Vector128<sbyte>> x = MemoryMarshal.Cast<sbyte, Vector128<sbyte>>(a), y = MemoryMarshal.Cast<sbyte, Vector128<sbyte>>(b)[..x.Length];
        Vector256<int> sum = Vector256<int>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            sum += Products(Wide(x[i]), Wide(y[i]));
        }
        int at = x.Length * Vector128<sbyte>.Count;
        return Vector256.Sum(sum) + DotScalar(a[at..], b[at..]);
    }

    /// <summary>The scalar twin.</summary>
    public static int DotScalar(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b)
    {
        RequireEqual(a.Length, b.Length);
        int sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /// <summary>Inner product of unsigned with signed bytes; exact up to 66,000 dimensions.</summary>
    public static int Dot(ReadOnlySpan<byte> a, ReadOnlySpan<sbyte> b)
    {
        RequireEqual(a.Length, b.Length);
        return AvxVnni.IsSupported ? DotVnni(a, b) : DotWide(a, b);
    }

    /// <summary>The scalar twin.</summary>
    public static int DotScalar(ReadOnlySpan<byte> a, ReadOnlySpan<sbyte> b)
    {
        RequireEqual(a.Length, b.Length);
        int sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /// <summary>Where the machine multiplies bytes and adds four products in one step.</summary>
    internal static int DotVnni(ReadOnlySpan<byte> a, ReadOnlySpan<sbyte> b)
    {
        ReadOnlySpan<Vector256<byte>> x = MemoryMarshal.Cast<byte, Vector256<byte>>(a);
        ReadOnlySpan<Vector256<sbyte>> y = MemoryMarshal.Cast<sbyte, Vector256<sbyte>>(b)[..x.Length];
        Vector256<int> s0 = Vector256<int>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 4 <= x.Length; i += 4)
        {
            s0 = AvxVnni.MultiplyWideningAndAdd(s0, x[i], y[i]);
            s1 = AvxVnni.MultiplyWideningAndAdd(s1, x[i + 1], y[i + 1]);
            s2 = AvxVnni.MultiplyWideningAndAdd(s2, x[i + 2], y[i + 2]);
            s3 = AvxVnni.MultiplyWideningAndAdd(s3, x[i + 3], y[i + 3]);
        }
        int at = i * Vector256<byte>.Count;
        return Vector256.Sum(s0 + s1 + (s2 + s3)) + DotScalar(a[at..], b[at..]);
    }

    /// <summary>On every machine.</summary>
    internal static int DotWide(ReadOnlySpan<byte> a, ReadOnlySpan<sbyte> b)
    {
        ReadOnlySpan<Vector128<byte>> x = MemoryMarshal.Cast<byte, Vector128<byte>>(a);
        ReadOnlySpan<Vector128<sbyte>> y = MemoryMarshal.Cast<sbyte, Vector128<sbyte>>(b)[..x.Length];
        Vector256<int> sum = Vector256<int>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(x[i]);
            sum += Products(Vector256.Create(low, high).AsInt16(), Wide(y[i]));
        }
        int at = x.Length * Vector128<byte>.Count;
        return Vector256.Sum(sum) + DotScalar(a[at..], b[at..]);
    }

    /// <summary>Squared distance of signed bytes.</summary>
    public static int SquaredDistance(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b) => Dot(a, a) + Dot(b, b) - 2 * Dot(a, b);

    /// <summary>Cosine of signed bytes; 0 where a side has no length.</summary>
    public static float Cosine(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b) => CodeKernels.Cosine(Dot(a, b), Dot(a, a), Dot(b, b));

    /// <summary>Inner product of numbers of 0 to 15, two a byte.</summary>
    public static int DotNibbles(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        RequireEqual(a.Length, b.Length);
        ReadOnlySpan<Vector128<byte>> x = MemoryMarshal.Cast<byte, Vector128<byte>>(a), y = MemoryMarshal.Cast<byte, Vector128<byte>>(b)[..x.Length];
        Vector128<byte> low = Vector128.Create((byte)15);
        Vector256<int> sum = Vector256<int>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            sum += Products(Wide((x[i] & low).AsSByte()), Wide((y[i] & low).AsSByte())) + Products(Wide((x[i] >>> 4).AsSByte()), Wide((y[i] >>> 4).AsSByte()));
        }
        int at = x.Length * Vector128<byte>.Count;
        return Vector256.Sum(sum) + DotNibblesScalar(a[at..], b[at..]);
    }

    /// <summary>The scalar twin.</summary>
    public static int DotNibblesScalar(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        RequireEqual(a.Length, b.Length);
        int sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (a[i] & 15) * (b[i] & 15) + (a[i] >> 4) * (b[i] >> 4);
        }
        return sum;
    }

    /// <summary>Squared distance of numbers of 0 to 15, two a byte.</summary>
    public static int SquaredDistanceNibbles(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => DotNibbles(a, a) + DotNibbles(b, b) - 2 * DotNibbles(a, b);

    /// <summary>Cosine of numbers of 0 to 15, two a byte; 0 where a side has no length.</summary>
    public static float CosineNibbles(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => CodeKernels.Cosine(DotNibbles(a, b), DotNibbles(a, a), DotNibbles(b, b));

    /// <summary>Bits that differ. Padding bits must be equal. As vectors of +1 and -1: dot = d - 2h, squared distance = 4h, cosine = 1 - 2h/d.</summary>
    public static int Hamming(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        RequireEqual(a.Length, b.Length);
        ReadOnlySpan<ulong> x = MemoryMarshal.Cast<byte, ulong>(a), y = MemoryMarshal.Cast<byte, ulong>(b)[..x.Length];
        int sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += BitOperations.PopCount(x[i] ^ y[i]);
        }
        int at = x.Length * sizeof(ulong);
        return sum + HammingScalar(a[at..], b[at..]);
    }

    /// <summary>The scalar twin, bit by bit.</summary>
    public static int HammingScalar(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        RequireEqual(a.Length, b.Length);
        int sum = 0;
        for (int i = 0; i < 8 * a.Length; i++)
        {
            sum += (a[i / 8] ^ b[i / 8]) >> i % 8 & 1;
        }
        return sum;
    }

    private static Vector256<short> Wide(Vector128<sbyte> x) => Vector256.Create(Vector128.WidenLower(x), Vector128.WidenUpper(x));

    private static Vector256<int> Products(Vector256<short> x, Vector256<short> y)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(x, y);
        }
        (Vector256<int> xl, Vector256<int> xh) = Vector256.Widen(x);
        (Vector256<int> yl, Vector256<int> yh) = Vector256.Widen(y);
        return xl * yl + xh * yh;
    }

    private static void RequireEqual(int a, int b)
    {
        if (a != b)
        {
            throw new ArgumentException($"Codes of {a} and {b} bytes cannot be compared.");
        }
    }
}
