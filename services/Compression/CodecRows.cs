using System.Globalization;
using System.Runtime.InteropServices;
using Retrieval.Contracts;

namespace Retrieval.Compression;

/// <summary>Vectors of a request, checked: rows of one length, finite numbers, within the limits.</summary>
/// <param name="Numbers">Rows, one after another.</param>
/// <param name="Dimensions">Numbers in a row.</param>
/// <param name="Field">The field that they came in.</param>
internal sealed record CodecRows(float[] Numbers, int Dimensions, string Field)
{
    /// <summary>Rows.</summary>
    public int Count => Numbers.Length / Dimensions;

    /// <summary>From the one of the two fields that is there.</summary>
    /// <param name="vectors">Rows.</param>
    /// <param name="float32">Little-endian numbers, row after row.</param>
    /// <param name="dimensions">Null: as many as the first row has.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="RetrievalException">Invalid or TooLarge.</exception>
    public static CodecRows Read(IReadOnlyList<float[]>? vectors, byte[]? float32, int? dimensions, CompressionOptions options)
    {
        if (vectors is null == float32 is null)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{(vectors is null ? "Neither" : "Both")} of vectors and float32 are given.", "vectors", limit: "vectors or float32", help: "Send one of them.");
        }
        CodecRows rows = vectors is null ? Unpack(float32!, dimensions, options) : Join(vectors, dimensions, options);
        int bad = Array.FindIndex(rows.Numbers, number => !float.IsFinite(number));
        return bad < 0 ? rows : throw new RetrievalException(ErrorKind.Invalid, string.Create(CultureInfo.InvariantCulture, $"Row {bad / rows.Dimensions}, dimension {bad % rows.Dimensions} is {rows.Numbers[bad]}."),
            $"{rows.Field}[{bad / rows.Dimensions}][{bad % rows.Dimensions}]", rows.Numbers[bad].ToString(CultureInfo.InvariantCulture), "finite float32 numbers", "Leave the vector out or correct it.");
    }

    /// <summary>Refuses none, and more than the limits.</summary>
    public static void RequireCount(int count, int dimensions, string field, CompressionOptions options)
    {
        if (count == 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"There is nothing in {field}.", field, "0", "1 or more", "Send at least one.");
        }
        if (count > options.MaxCodecVectors)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"There are {count} rows; the limit is {options.MaxCodecVectors}.", field, $"{count}", $"{options.MaxCodecVectors} rows",
                "Send them in several requests, train from a sample, or raise Compression:MaxCodecVectors.");
        }
        long bytes = (long)count * dimensions * sizeof(float);
        if (bytes > options.MaxCodecBytes)
        {
            throw new RetrievalException(ErrorKind.TooLarge, $"{count} rows of {dimensions} dimensions are {bytes} bytes as float32; the limit is {options.MaxCodecBytes}.", field, $"{bytes}", $"{options.MaxCodecBytes} bytes",
                "Send them in several requests, train from a sample, or raise Compression:MaxCodecBytes.");
        }
    }

    /// <summary>Refuses none, and more than the limit.</summary>
    public static void RequireDimensions(int dimensions, string field, CompressionOptions options)
    {
        if (dimensions < 1 || dimensions > options.MaxCodecDimensions)
        {
            throw new RetrievalException(dimensions < 1 ? ErrorKind.Invalid : ErrorKind.TooLarge, $"{dimensions} dimensions are not 1 to {options.MaxCodecDimensions}.", field, $"{dimensions}", $"1 to {options.MaxCodecDimensions}",
                "Correct it, or raise Compression:MaxCodecDimensions.");
        }
    }

    private static CodecRows Join(IReadOnlyList<float[]> vectors, int? wanted, CompressionOptions options)
    {
        int dimensions = wanted ?? (vectors.Count > 0 ? vectors[0]?.Length ?? 0 : 1);
        RequireDimensions(dimensions, wanted is null ? "vectors[0]" : "dimensions", options);
        RequireCount(vectors.Count, dimensions, "vectors", options);
        float[] numbers = new float[vectors.Count * dimensions];
        for (int row = 0; row < vectors.Count; row++)
        {
            if (vectors[row]?.Length != dimensions)
            {
                throw new RetrievalException(ErrorKind.Invalid, $"Row {row} has {vectors[row]?.Length ?? 0} numbers; a row has {dimensions}.", $"vectors[{row}]", $"{vectors[row]?.Length ?? 0}", $"{dimensions} numbers",
                    "Send rows of equal length, of the codec's dimensions.");
            }
            vectors[row].CopyTo(numbers, row * dimensions);
        }
        return new CodecRows(numbers, dimensions, "vectors");
    }

    private static CodecRows Unpack(byte[] float32, int? wanted, CompressionOptions options)
    {
        int dimensions = wanted ?? throw new RetrievalException(ErrorKind.Invalid, "float32 does not say where a row ends.", "dimensions", limit: $"1 to {options.MaxCodecDimensions}", help: "Send dimensions with it.");
        RequireDimensions(dimensions, "dimensions", options);
        int size = dimensions * sizeof(float);
        if (float32.Length % size != 0)
        {
            throw new RetrievalException(ErrorKind.Invalid, $"{float32.Length} bytes are not whole rows of {dimensions} numbers of 4 bytes.", "float32", $"{float32.Length} bytes", $"a multiple of {size} bytes",
                "Send little-endian float32, row after row.");
        }
        RequireCount(float32.Length / size, dimensions, "float32", options);
        return new CodecRows(MemoryMarshal.Cast<byte, float>(float32).ToArray(), dimensions, "float32");
    }
}
