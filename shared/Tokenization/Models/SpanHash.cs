using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Retrieval.Tokenization;

/// <summary>A hash of UTF-16 text, four chars a step (multiply and fold, as in wyhash). Equal texts have equal hashes within one process; never stored.</summary>
internal static class SpanHash
{
    private const ulong First = 0x9E3779B97F4A7C15, Second = 0xD6E8FEB86659FD93;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ReadOnlySpan<char> text)
    {
        ref byte at = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(text));
        nint bytes = text.Length * 2;
        if (bytes <= 16)
        {
            // Two words that overlap cover every length from 8 to 16 bytes, two halves every one from 4.
            ulong low, high;
            if (bytes >= 8)
            {
                low = Unsafe.ReadUnaligned<ulong>(ref at);
                high = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, bytes - 8));
            }
            else if (bytes >= 4)
            {
                low = Unsafe.ReadUnaligned<uint>(ref at);
                high = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, bytes - 4));
            }
            else
            {
                low = bytes == 0 ? 0UL : Unsafe.ReadUnaligned<ushort>(ref at);
                high = 0;
            }
            return Fold(low ^ First, high ^ Second ^ (ulong)bytes);
        }
        ulong hash = First ^ (ulong)bytes;
        for (; bytes > 8; bytes -= 8)
        {
            hash = Fold(hash ^ Unsafe.ReadUnaligned<ulong>(ref at), Second);
            at = ref Unsafe.Add(ref at, 8);
        }
        return Fold(hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, bytes - 8)), First);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
