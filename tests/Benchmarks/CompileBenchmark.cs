using System.Diagnostics;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>What an upgrade costs at the first start, and at every later one against ONNX Runtime's own opening of the same file.</summary>
internal static class CompileBenchmark
{
    private const string Passes = """[{"pass":"tempScale","temperature":0.9}]""";

    public static int Run(int rounds)
    {
        string model = TestData.FindShared("models", "bge-small-en-v1.5") ?? throw new InvalidOperationException("shared/models/bge-small-en-v1.5 is not beside the repository.");
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, RetrievalFile.Name), $$"""{"version":1,"model":"{{model}}","passes":{{Passes}}}""");
            Measure(folder, Path.Combine(model, "onnx", "model.onnx"), rounds);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static void Measure(string folder, string graph, int rounds)
    {
        EncoderOptions options = new() { Provider = "cpu", CompiledFolder = Path.Combine(folder, "compiled") };
        RetrievalFile file = RetrievalFile.Read(folder);
        List<double> compile = [], cached = [], runtime = [];
        ModelFolder model = ModelFolder.Read(file.Model);
        string hash = OnnxModelInfo.Read(graph).Hash;
        for (int i = 0; i < rounds; i++)
        {
            Directory.Delete(Directory.CreateDirectory(options.CompiledFolder).FullName, true);
            compile.Add(Time(() => CompiledGraph.Find(model, hash, file.Passes, options.CompiledFolder)));
        }
        string path = CompiledGraph.Find(model, hash, file.Passes, options.CompiledFolder).Path;
        CompiledGraph.Open(model, file.Passes, options).Session.Dispose(); // the first leaves a note of what it opened
        for (int i = 0; i < rounds; i++)
        {
            cached.Add(Time(() => CompiledGraph.Open(model, file.Passes, options).Session.Dispose()));
            runtime.Add(Time(() => EncoderSession.Open(path, 1, ExecutionProvider.Cpu).Dispose()));
        }
        Report.Head("Compiled graphs", $"compile --rounds {rounds}");
        Report.Note($"bge-small-en-v1.5 ({new FileInfo(graph).Length >> 20} MiB), {Passes}; medians of {rounds}, the last two in turns.");
        Report.Columns("what", "ms");
        Report.Row("compile and write", Timing.Median(compile));
        Report.Row("open a cached one", Timing.Median(cached));
        Report.Row("ONNX Runtime opens the same file", Timing.Median(runtime));
        Report.Row("cached / ONNX Runtime, median of pairs", Timing.Median([.. cached.Zip(runtime, (c, r) => c / r)]));
    }

    private static double Time(Action act)
    {
        long began = Stopwatch.GetTimestamp();
        act();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
