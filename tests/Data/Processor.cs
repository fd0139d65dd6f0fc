using System.Runtime.InteropServices;

namespace Retrieval.Tests.Data;

/// <summary>The machine that a figure was measured on.</summary>
internal static class Processor
{
    private const string LinuxFile = "/proc/cpuinfo", NameField = "model name";
    private static readonly string[] Matters = ["avx2", "avx512f", "avx_vnni", "avx512_vnni"];

    /// <summary>As the system names it, with the vector instructions that matter to int8 products.</summary>
    public static string Name { get; } = $"{Field(NameField) ?? RuntimeInformation.ProcessArchitecture.ToString()}{Instructions()}";

    private static string Instructions()
    {
        string[] flags = Field("flags")?.Split(' ') ?? [];
        string[] known = [.. Matters.Where(flags.Contains)];
        return known.Length == 0 ? "" : $" ({string.Join(", ", known)})";
    }

    private static string? Field(string name) => File.Exists(LinuxFile)
        ? File.ReadLines(LinuxFile).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;
}
