using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Retrieval.Vectors;

/// <summary>Asks memory for what is needed soon. It changes no result; a machine without the instruction does without.</summary>
public static unsafe class Prefetch
{
    private const int Line = 64;

    /// <summary>All cache lines of some bytes.</summary>
    public static void Lines(ReadOnlySpan<byte> bytes)
    {
        if (Sse.IsSupported)
        {
            // An address that the collector moves meanwhile is a wasted hint, no more.
            byte* at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
            for (int i = 0; i < bytes.Length; i += Line)
            {
                Sse.Prefetch0(at + i);
            }
        }
    }
}
