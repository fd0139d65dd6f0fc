using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks.Vectors;

/// <summary>hnswlib of Debian in a process of its own, asked breadth by breadth.</summary>
internal sealed class HnswlibPeer : IDisposable
{
    private readonly Process _process;

    private HnswlibPeer(Process process, JsonElement first) =>
        (_process, Version, Bytes, Building) = (process, first.GetProperty("version").GetString()!, first.GetProperty("bytes").GetDouble(), first.GetProperty("building").GetDouble());

    public string Version { get; }

    /// <summary>Of its index a vector, the vectors included.</summary>
    public double Bytes { get; }

    /// <summary>Core-seconds.</summary>
    public double Building { get; }

    public static HnswlibPeer Start(VectorSet set, int queries, int[][] exact, int breadth)
    {
        string name = VectorSets.InCache($"hnswlib-{set.Name.Replace(' ', '-')}-{set.Count}-{breadth}");
        using (FileStream stream = File.Create(name + ".f32"))
        {
            stream.Write(MemoryMarshal.AsBytes(set.Rows.AsSpan()));
            stream.Write(MemoryMarshal.AsBytes(set.Queries.AsSpan(0, queries * set.Dimensions)));
        }
        File.WriteAllBytes(name + ".exact", MemoryMarshal.AsBytes(exact.SelectMany(e => e).ToArray().AsSpan()));
        string script = TestData.InRepository("tests", "Benchmarks", "Vectors", "hnswlib_peer.py");
        Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script, name, $"{set.Dimensions}", $"{queries}", "16", $"{breadth}"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        return new HnswlibPeer(process, Answer(process));
    }

    /// <summary>Recall and processor seconds a query.</summary>
    public (double Recall, double Seconds) Ask(int breadth)
    {
        _process.StandardInput.WriteLine(breadth);
        JsonElement answer = Answer(_process);
        return (answer.GetProperty("recall").GetDouble(), answer.GetProperty("seconds").GetDouble());
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static JsonElement Answer(Process process) =>
        JsonElement.Parse(process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("hnswlib_peer.py ended. It needs the Debian package python3-hnswlib."));
}
