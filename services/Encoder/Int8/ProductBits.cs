using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Retrieval.Encoder;

/// <summary>What int8 weights this processor multiplies exactly.</summary>
internal static class ProductBits
{
    /// <summary>8 where four u8*s8 products go straight into 32 bits (VNNI, and all of Arm), else 7: AVX2 adds pairs of them in 16 bits and saturates.</summary>
    public static int OfThisProcessor { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 || HasVnni() ? 8 : 7;

    /// <summary>CPUID leaf 7: AVX512_VNNI is ECX bit 11 of subleaf 0, AVX_VNNI EAX bit 4 of subleaf 1. AVX-512 also needs the system's leave, which IsSupported includes.</summary>
    private static bool HasVnni()
    {
        if (!Avx2.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }
        bool is512 = Avx512BW.VL.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
        return is512 || (X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0);
    }
}
