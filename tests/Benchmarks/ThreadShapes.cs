using System.Diagnostics;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>The same cores as two runs of one thread, or as one run of two threads.</summary>
internal static class ThreadShapes
{
    private const double MeasureSeconds = 1;
    private const int Rounds = 3, Token = 2_000;
    private static readonly (int Rows, int Columns)[] Batches = [(1, 12), (16, 16), (4, 64), (4, 128), (1, 256)];

    public static void Run()
    {
        Report.Head("Two cores: two runs or one", "threads");
        string graph = Path.Combine(TestData.DefaultModel, "onnx", "model.onnx");
        using EncoderSession one = EncoderSession.Open(graph, 1, ExecutionProvider.Cpu), two = EncoderSession.Open(graph, 2, ExecutionProvider.Cpu);
        Report.Columns("texts x tokens", "one run of one thread, tokens/s", "two runs of one thread", "one run of two threads");
        foreach ((int rows, int columns) in Batches)
        {
            double[] best = new double[3];
            for (int round = 0; round < Rounds; round++)
            {
                double[] now = [TokensASecond(one, 1, rows, columns), TokensASecond(one, 2, rows, columns), TokensASecond(two, 1, rows, columns)];
                best = [.. best.Zip(now, Math.Max)];
            }
            Report.Row($"{rows} x {columns}", best[0], best[1], best[2]);
        }
    }

    private static double TokensASecond(EncoderSession session, int runsAtOnce, int rows, int columns)
    {
        long began = Stopwatch.GetTimestamp();
        int[] runs = new int[runsAtOnce];
        Thread[] workers = [.. Enumerable.Range(0, runsAtOnce).Select(t => new Thread(() => runs[t] = Repeat(session, rows, columns, began)))];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        return runs.Sum() * rows * columns / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static int Repeat(EncoderSession session, int rows, int columns, long began)
    {
        long[] ids = [.. Enumerable.Repeat((long)Token, rows * columns)], mask = [.. Enumerable.Repeat(1L, rows * columns)], types = new long[rows * columns];
        (string, long[])[] inputs = [.. session.Inputs.Select(name => (name, name switch { "input_ids" => ids, "attention_mask" => mask, _ => types }))];
        int runs = 0;
        for (; Stopwatch.GetElapsedTime(began).TotalSeconds < MeasureSeconds; runs++)
        {
            session.Run(inputs, rows, columns, "last_hidden_state", (values, _) => values[0]);
        }
        return runs;
    }
}
