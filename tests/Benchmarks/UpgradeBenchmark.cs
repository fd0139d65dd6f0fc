using System.Diagnostics;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>What the upgrade compiler costs, and what its exits give in time, on the real model in single precision.</summary>
internal static class UpgradeBenchmark
{
    private static readonly (int Rows, int Tokens)[] Shapes = [(1, 12), (16, 32), (16, 128)];

    public static async Task<int> RunAsync(int rounds)
    {
        string file = Path.Combine(TestData.FindShared("models", "bge-small-en-v1.5")!, "onnx", "model.onnx");
        string folder = Directory.CreateTempSubdirectory("retrieval-benchmark-").FullName;
        OnnxModel source = OnnxModel.Read(file);
        Report.Head("Upgrades of bge-small-en-v1.5 (133 MB): compiling", $"upgrade --rounds {rounds}");
        Report.Columns("what", "median, ms");
        Report.Row("read and analyse", Median(rounds, () => TransformerGraph.Analyze(OnnxModel.Read(file))));
        Report.Row("read, temperature, write", Median(rounds, () => new TempScale(0.8).Apply(OnnxModel.Read(file)).Write(Path.Combine(folder, "temperature.onnx"))));
        Report.Row("ONNX Runtime opens the source", Median(rounds, () => Open(file).Dispose()));
        Report.Row("ONNX Runtime opens the model with a temperature", Median(rounds, () => Open(Path.Combine(folder, "temperature.onnx")).Dispose()));
        source.Write(Path.Combine(folder, "shared.onnx"), "shared.weights");
        OnnxModel apart = OnnxModel.Read(Path.Combine(folder, "shared.onnx"));
        using (SharedWeights weights = new(Path.Combine(folder, "shared.weights"), apart.LargeWeights.Select(w => new SharedWeight(w.Name, w.ElementType, w.Shape, w.Place.Offset, w.Place.Length))))
        {
            using EncoderSession plain = Open(file), all = Over(apart, weights, 12), eight = Over(apart, weights, 8), four = Over(apart, weights, 4);
            weights.Trim();
            Report.Head("Upgrades of bge-small-en-v1.5: times as fast as the model itself", $"upgrade --rounds {rounds}");
            Report.Columns("texts x tokens", "all 12 layers over shared weights", "exit after 8", "exit after 4");
            foreach ((int rows, int tokens) in Shapes)
            {
                Contender[] contenders = [.. new[] { plain, all, eight, four }.Select(s => new Contender("", _ => { Run(s, rows, tokens); return Task.CompletedTask; }))];
                await Timing.InterleaveAsync([.. Enumerable.Repeat("", rounds * 3)], 2, contenders);
                Report.Row([$"{rows} x {tokens}", .. contenders.Skip(1).Select(c => (object)Timing.Ratio(contenders[0], c))]);
            }
        }
        Directory.Delete(folder, true);
        return 0;
    }

    private static EncoderSession Open(string file) => EncoderSession.Open(file, 1, ExecutionProvider.Cpu);

    private static EncoderSession Over(OnnxModel model, SharedWeights weights, int exit) => EncoderSession.Open(new Exit(exit).Apply(model).ToGraph(), weights, 1);

    private static double Median(int rounds, Action work) => Timing.Median([.. Enumerable.Range(0, rounds).Select(_ =>
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    })]);

    private static void Run(EncoderSession session, int rows, int tokens)
    {
        long[] ids = [.. Enumerable.Range(0, rows * tokens).Select(i => 1000L + i)], ones = [.. Enumerable.Repeat(1L, rows * tokens)];
        session.Run([.. session.Inputs.Select(n => (n, n switch { "input_ids" => ids, "attention_mask" => ones, _ => new long[rows * tokens] }))], rows, tokens, "last_hidden_state", (values, _) => values[0]);
    }
}
