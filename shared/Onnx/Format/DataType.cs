namespace Retrieval.Onnx;

/// <summary>TensorProto.DataType: the numbers that the format uses.</summary>
internal static class DataType
{
    public const int Float = 1, UInt8 = 2, Int8 = 3, UInt16 = 4, Int16 = 5, Int32 = 6, Int64 = 7, Text = 8, Bool = 9, Float16 = 10, Double = 11, UInt32 = 12, UInt64 = 13, BFloat16 = 16;

    /// <summary>Bytes of one number; 0 where it is none or less than a byte.</summary>
    public static int Size(int type) => type switch
    {
        UInt8 or Int8 or Bool => 1,
        UInt16 or Int16 or Float16 or BFloat16 => 2,
        Float or Int32 or UInt32 => 4,
        Int64 or Double or UInt64 => 8,
        _ => 0,
    };

    public static bool IsFloating(int type) => type is Float or Float16 or Double or BFloat16;

    public static bool IsInteger(int type) => type is UInt8 or Int8 or UInt16 or Int16 or Int32 or Int64 or UInt32 or UInt64;
}
