using System.Runtime.Intrinsics;

namespace Retrieval.Vectors;

/// <summary>How one vector's numbers lie in bytes, and how 32 of them become floats; a struct, so that kernels are compiled for each format.</summary>
public interface ICodeFormat
{
    /// <summary>Bytes of a vector.</summary>
    static abstract int Bytes(int dimensions);

    /// <summary>One number.</summary>
    static abstract float At(ReadOnlySpan<byte> code, int dimension);

    /// <summary>Numbers <paramref name="first"/> to first + 31; first is a multiple of 32 and all of them are there.</summary>
    static abstract FloatLanes Load(ReadOnlySpan<byte> code, int first);
}

/// <summary>32 floats.</summary>
public readonly record struct FloatLanes(Vector256<float> A, Vector256<float> B, Vector256<float> C, Vector256<float> D)
{
    /// <summary>Of 32 bytes.</summary>
    internal static FloatLanes Of(Vector256<byte> bytes)
    {
        (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(bytes);
        (Vector256<uint> a, Vector256<uint> b) = Vector256.Widen(low);
        (Vector256<uint> c, Vector256<uint> d) = Vector256.Widen(high);
        return new FloatLanes(Float(a), Float(b), Float(c), Float(d));
    }

    // Small numbers: the conversion from signed integers is the one that every machine has.
    private static Vector256<float> Float(Vector256<uint> x) => Vector256.ConvertToSingle(x.AsInt32());
}
