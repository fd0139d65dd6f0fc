using System.Globalization;

namespace Retrieval.Tokenization;

/// <summary>
/// Numbers as the reference library's JSON reader takes them: the digits as a 64-bit integer, then one multiplication or division by a power of ten. From 16 digits
/// on this may be a last bit off the nearest double, which decides between paths of almost equal score; so does a score here.
/// </summary>
internal static class ReferenceNumber
{
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, 309).Select(e => double.Parse($"1e{e}", CultureInfo.InvariantCulture))];

    /// <summary>A JSON number; false when it is too great for a double.</summary>
    public static bool TryParse(ReadOnlySpan<byte> digits, out double value)
    {
        int at = digits[0] == '-' ? 1 : 0, exponent = 0;
        bool isFraction = false, isFull = false;
        ulong significand = 0;
        for (; at < digits.Length && (digits[at] is >= (byte)'0' and <= (byte)'9' or (byte)'.'); at++)
        {
            if (digits[at] == '.')
            {
                isFraction = true;
                continue;
            }
            // Once a digit does not fit, it and what follows are passed over; before the point they still count as tens.
            isFull |= significand > (ulong.MaxValue - (ulong)(digits[at] - '0')) / 10;
            significand = isFull ? significand : significand * 10 + (ulong)(digits[at] - '0');
            exponent += isFull ? (isFraction ? 0 : 1) : (isFraction ? -1 : 0);
        }
        int written = 0;
        if (at < digits.Length && !int.TryParse(digits[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out written))
        {
            value = 0;
            return false;
        }
        exponent += written;
        value = Scale(significand, exponent);
        value = digits[0] == '-' ? -value : value;
        return double.IsFinite(value);
    }

    private static double Scale(double significand, int exponent)
    {
        while (exponent < -308 && significand != 0)
        {
            (significand, exponent) = (significand / 1e308, exponent + 308);
        }
        return significand == 0 ? 0 : exponent < 0 ? significand / PowersOfTen[-exponent] : exponent > 308 ? double.PositiveInfinity : significand * PowersOfTen[exponent];
    }
}
