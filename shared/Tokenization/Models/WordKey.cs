using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retrieval.Tokenization;

/// <summary>
/// A short text in two machine words, so that comparing it is comparing numbers: up to 16 characters of Latin-1, or up to 8 of any kind, and a ▁ before them for free.
/// Different texts have different keys.
/// </summary>
/// <param name="Low">The first characters.</param>
/// <param name="High">The others.</param>
/// <param name="Tag">Length and form; 0 for a text that is too long.</param>
internal readonly record struct WordKey(ulong Low, ulong High, uint Tag)
{
    private const uint Wide = 0x20, Marked = 0x40, Valid = 0x80;
    private const ulong NotLatin = 0xFF00FF00FF00FF00;

    /// <summary>Equal keys have equal hashes; the high bits are the good ones.</summary>
    public ulong Hash
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ulong high = Math.BigMul(Low ^ Tag * 0x9E3779B97F4A7C15, High ^ 0xD6E8FEB86659FD93, out ulong low);
            return (high ^ low) * 0x9E3779B97F4A7C15;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordKey Of(ReadOnlySpan<char> text)
    {
        uint tag = Valid;
        if (text.Length > 0 && text[0] == BpeModel.Space)
        {
            tag |= Marked;
            text = text[1..];
        }
        return text.Length switch
        {
            > 16 => default,
            >= 8 => OfEight(text, tag),
            >= 4 => OfFour(text, tag),
            _ => OfFew(text, tag),
        };
    }

    // Two loads that overlap cover every length from 8 to 16; what the second one repeats is shifted out.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WordKey OfEight(ReadOnlySpan<char> text, uint tag)
    {
        ref ushort at = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        Vector128<ushort> first = Vector128.LoadUnsafe(ref at), last = Vector128.LoadUnsafe(ref at, (nuint)text.Length - 8);
        if (((first | last) & Vector128.Create((ushort)0xFF00)) == Vector128<ushort>.Zero)
        {
            Vector128<ulong> bytes = Vector128.Narrow(first, last).AsUInt64();
            return new WordKey(bytes[0], text.Length == 8 ? 0 : bytes[1] >> 8 * (16 - text.Length), tag | (uint)text.Length);
        }
        return text.Length == 8 ? new WordKey(first.AsUInt64()[0], first.AsUInt64()[1], tag | Wide | 8) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WordKey OfFour(ReadOnlySpan<char> text, uint tag)
    {
        ref byte at = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(text));
        int length = text.Length;
        ulong first = Unsafe.ReadUnaligned<ulong>(ref at), last = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 2 * (length - 4)));
        return ((first | last) & NotLatin) == 0
            ? new WordKey(Squeeze(first) | Squeeze(last) << 8 * (length - 4), 0, tag | (uint)length)
            : new WordKey(first, length == 4 ? 0 : last >> 16 * (8 - length), tag | Wide | (uint)length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WordKey OfFew(ReadOnlySpan<char> text, uint tag)
    {
        int length = text.Length, middle = length >> 1;
        ulong low = length == 0 ? 0 : text[0] | (ulong)text[middle] << 16 * middle | (ulong)text[length - 1] << 16 * (length - 1);
        return new WordKey(low, 0, tag | Wide | (uint)length);
    }

    /// <summary>The low bytes of four chars, side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Squeeze(ulong chars)
    {
        chars = (chars | chars >> 8) & 0x0000FFFF0000FFFF;
        return (chars | chars >> 16) & 0xFFFFFFFF;
    }
}
