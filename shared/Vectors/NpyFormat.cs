using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Retrieval.Vectors;

/// <summary>Bytes that are not an array file of a kind that is read here.</summary>
public sealed class NpyFormatException(string message) : Exception(message);

/// <summary>Rows of vectors as NumPy's array file: magic, version, a header in Python's words, then the numbers (NEP 1).</summary>
/// <param name="Numbers">Rows, one after another.</param>
/// <param name="Dimensions">Numbers in a row.</param>
public sealed partial record NpyFormat(float[] Numbers, int Dimensions)
{
    private const int HeadBytes = 8, Alignment = 64, MostHeader = 1 << 16, Chunk = 1 << 16;
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Rows.</summary>
    public int Rows => Numbers.Length / Dimensions;

    /// <summary>Magic, version 1 and header of so many rows of float32, which follow as they are in memory.</summary>
    public static byte[] Head(int rows, int dimensions)
    {
        string words = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dimensions}), }}");
        int length = (HeadBytes + 2 + words.Length + 1 + Alignment - 1) / Alignment * Alignment - HeadBytes - 2;
        return [.. Magic, 1, 0, (byte)(length & 255), (byte)(length >> 8), .. Encoding.ASCII.GetBytes(words.PadRight(length - 1) + "\n")];
    }

    /// <summary>Reads two-dimensional arrays of little-endian float16, float32 or float64, row after row, of versions 1 to 3.</summary>
    /// <exception cref="NpyFormatException">Anything else; the message says what it is and how to write what is read.</exception>
    public static NpyFormat Read(Stream stream)
    {
        byte[] head = new byte[HeadBytes];
        if (stream.ReadAtLeast(head, HeadBytes, false) < HeadBytes || !head.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new NpyFormatException("It does not begin as an array file of NumPy does. Write it with numpy.save.");
        }
        if (head[6] is 0 or > 3)
        {
            throw new NpyFormatException($"It is of version {head[6]}.{head[7]}; versions 1 to 3 are read. Write it again with numpy.save.");
        }
        (string type, int rows, int dimensions) = Header(Encoding.UTF8.GetString(Exactly(stream, HeaderLength(stream, head[6]))));
        return new NpyFormat(Singles(stream, type, checked(rows * dimensions)), dimensions);
    }

    private static int HeaderLength(Stream stream, int version)
    {
        byte[] bytes = Exactly(stream, version == 1 ? 2 : 4);
        uint length = version == 1 ? BitConverter.ToUInt16(bytes) : BitConverter.ToUInt32(bytes);
        return length <= MostHeader ? (int)length : throw new NpyFormatException($"Its header of {length} bytes is beyond the limit of {MostHeader}.");
    }

    private static (string Type, int Rows, int Dimensions) Header(string words)
    {
        string type = Descr().Match(words).Groups[1].Value;
        if (type is not ("<f2" or "<f4" or "<f8"))
        {
            throw new NpyFormatException($"Its numbers are of type '{type}'; '<f2', '<f4' and '<f8' are read. Write vectors.astype('float32').");
        }
        if (Fortran().IsMatch(words))
        {
            throw new NpyFormatException("Its numbers stand column by column (fortran_order). Write numpy.ascontiguousarray(vectors).");
        }
        return Shape().Match(words) is { Success: true } shape && int.TryParse(shape.Groups[1].Value, CultureInfo.InvariantCulture, out int rows) && int.TryParse(shape.Groups[2].Value, CultureInfo.InvariantCulture, out int dimensions) && dimensions > 0
            && (long)rows * dimensions <= Array.MaxLength ? (type, rows, dimensions)
            : throw new NpyFormatException($"Its shape is not (rows, dimensions) of at most {Array.MaxLength} numbers: {words.Trim()}");
    }

    private static float[] Singles(Stream stream, string type, int count)
    {
        float[] numbers = new float[count];
        if (type == "<f4")
        {
            Fill(stream, MemoryMarshal.AsBytes(numbers.AsSpan()));
        }
        for (int at = 0; type != "<f4" && at < count; at += Chunk)
        {
            Span<float> some = numbers.AsSpan(at, Math.Min(Chunk, count - at));
            byte[] bytes = Exactly(stream, some.Length * (type == "<f2" ? 2 : 8));
            for (int i = 0; i < some.Length; i++)
            {
                some[i] = type == "<f2" ? (float)BitConverter.ToHalf(bytes, 2 * i) : (float)BitConverter.ToDouble(bytes, 8 * i);
            }
        }
        return stream.ReadByte() < 0 ? numbers : throw new NpyFormatException($"Numbers follow behind the {count} that its shape names.");
    }

    private static byte[] Exactly(Stream stream, int count)
    {
        byte[] bytes = new byte[count];
        Fill(stream, bytes);
        return bytes;
    }

    private static void Fill(Stream stream, Span<byte> bytes)
    {
        int read = stream.ReadAtLeast(bytes, bytes.Length, false);
        if (read < bytes.Length)
        {
            throw new NpyFormatException($"It ends {bytes.Length - read} bytes early.");
        }
    }

    [GeneratedRegex("'descr'\\s*:\\s*'([^']*)'")]
    private static partial Regex Descr();

    [GeneratedRegex("'fortran_order'\\s*:\\s*True")]
    private static partial Regex Fortran();

    [GeneratedRegex("'shape'\\s*:\\s*\\(\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,?\\s*\\)")]
    private static partial Regex Shape();
}
