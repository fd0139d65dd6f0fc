using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>What other libraries do on the same vectors, by small scripts of this folder; Debian's python3 runs them.</summary>
internal static class Peers
{
    private const string Python = "/usr/bin/python3";

    /// <summary>OPQ by FAISS: its answers and figures.</summary>
    public static (int[][] Found, JsonElement Figures) Opq(VectorSet set, int bytes, CancellationToken cancellationToken)
    {
        // FAISS's own plan; its portable build takes 10 to 20 minutes of a core for it.
        const int iterations = 50, rows = 65_536;
        string index = VectorSets.InCache($"faiss-opq{bytes}.index");
        JsonElement figures = Run("faiss_peer.py", [VectorSets.RealFile, set.Dimensions, set.QueryCount, bytes, iterations, rows, index], cancellationToken);
        long[] ids = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(index + ".ids")).ToArray();
        return ([.. ids.Select(i => (int)i).Chunk(ids.Length / set.QueryCount)], figures);
    }

    /// <summary>Scans by FAISS's 4-bit fast scan and by sqlite-vec: seconds of the processor a query, and recall@10.</summary>
    public static JsonElement Scans(VectorSet set, int queries, string? sqliteVec, string exact, CancellationToken cancellationToken) =>
        Run("scan_peers.py", [VectorSets.RealFile, exact, sqliteVec ?? "-", set.Dimensions, queries], cancellationToken);

    private static JsonElement Run(string script, object[] arguments, CancellationToken cancellationToken)
    {
        string path = TestData.InRepository("tests", "Benchmarks", "Vectors", script);
        ProcessStartInfo start = new(Python, [path, .. arguments.Select(a => Convert.ToString(a, System.Globalization.CultureInfo.InvariantCulture)!)]) { RedirectStandardOutput = true };
        (start.Environment["OPENBLAS_NUM_THREADS"], start.Environment["OMP_NUM_THREADS"]) = ("1", "1");
        using Process process = Process.Start(start)!;
        using CancellationTokenRegistration stop = cancellationToken.Register(process.Kill);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonDocument.Parse(output).RootElement
            : throw new InvalidOperationException($"{script} ended with {process.ExitCode}: {output}. It needs the Debian packages python3-faiss and libopenblas0-pthread.");
    }
}
