using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Vectors;

/// <summary>Little-endian float32.</summary>
public readonly struct Float32Format : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => dimensions * sizeof(float);

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => MemoryMarshal.Cast<byte, float>(code)[dimension];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first)
    {
        ReadOnlySpan<Vector256<float>> x = MemoryMarshal.Cast<byte, Vector256<float>>(code.Slice(first * sizeof(float), 32 * sizeof(float)));
        return new FloatLanes(x[0], x[1], x[2], x[3]);
    }
}

/// <summary>Little-endian IEEE 754 binary16.</summary>
public readonly struct Float16Format : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => dimensions * sizeof(ushort);

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => (float)MemoryMarshal.Cast<byte, Half>(code)[dimension];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first)
    {
        ReadOnlySpan<Vector256<ushort>> x = MemoryMarshal.Cast<byte, Vector256<ushort>>(code.Slice(first * sizeof(ushort), 32 * sizeof(ushort)));
        (Vector256<uint> a, Vector256<uint> b) = Vector256.Widen(x[0]);
        (Vector256<uint> c, Vector256<uint> d) = Vector256.Widen(x[1]);
        return new FloatLanes(Float(a), Float(b), Float(c), Float(d));
    }

    private const float TwoTo112 = 5.192296858534828e33f;

    /// <summary>The exponent is rebased by a product, which is exact for subnormal numbers too; infinity and not-a-number keep all exponent bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Float(Vector256<uint> half)
    {
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13, sign = (half & Vector256.Create(0x8000u)) << 16;
        Vector256<uint> number = (magnitude.AsSingle() * Vector256.Create(TwoTo112)).AsUInt32();
        Vector256<uint> notFinite = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create(0x0F800000)).AsUInt32() & Vector256.Create(0x7F800000u);
        return (number | notFinite | sign).AsSingle();
    }
}

/// <summary>Unsigned bytes.</summary>
public readonly struct UInt8Format : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => dimensions;

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => code[dimension];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first) => FloatLanes.Of(Vector256.Create(code.Slice(first, 32)));
}

/// <summary>Signed bytes.</summary>
public readonly struct Int8Format : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => dimensions;

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => (sbyte)code[dimension];

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first)
    {
        (Vector256<short> low, Vector256<short> high) = Vector256.Widen(Vector256.Create(code.Slice(first, 32)).AsSByte());
        (Vector256<int> a, Vector256<int> b) = Vector256.Widen(low);
        (Vector256<int> c, Vector256<int> d) = Vector256.Widen(high);
        return new FloatLanes(Vector256.ConvertToSingle(a), Vector256.ConvertToSingle(b), Vector256.ConvertToSingle(c), Vector256.ConvertToSingle(d));
    }
}

/// <summary>Two numbers of 0 to 15 a byte; the even dimension is the low half.</summary>
public readonly struct NibbleFormat : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => (dimensions + 1) / 2;

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => code[dimension / 2] >> 4 * (dimension % 2) & 15;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first) => FloatLanes.Of(Spread(Vector128.Create(code.Slice(first / 2, 16))));

    /// <summary>Each byte's halves in two bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Spread(Vector128<byte> packed)
    {
        Vector256<ushort> wide = Vector256.Create(Vector128.WidenLower(packed), Vector128.WidenUpper(packed));
        return ((wide | wide << 4) & Vector256.Create((ushort)0x0F0F)).AsByte();
    }
}

/// <summary>One bit a number: on is +1, off is -1; the first dimension is the lowest bit of the first byte.</summary>
public readonly struct SignFormat : ICodeFormat
{
    /// <inheritdoc/>
    public static int Bytes(int dimensions) => (dimensions + 7) / 8;

    /// <inheritdoc/>
    public static float At(ReadOnlySpan<byte> code, int dimension) => (code[dimension / 8] >> dimension % 8 & 1) * 2 - 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes Load(ReadOnlySpan<byte> code, int first)
    {
        uint bits = MemoryMarshal.Read<uint>(code.Slice(first / 8, 4));
        return new FloatLanes(Signs(bits), Signs(bits >> 8), Signs(bits >> 16), Signs(bits >> 24));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Signs(uint bits)
    {
        Vector256<uint> own = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        return Vector256.ConditionalSelect(Vector256.Equals(Vector256.Create(bits) & own, own).AsSingle(), Vector256<float>.One, -Vector256<float>.One);
    }
}
