using System.Diagnostics;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>bge-small-en-v1.5 in int8 for each token row, and as the usual dynamic int8, against its fp32: one thread, contenders in turn on every batch.</summary>
internal static class Int8Benchmark
{
    private const int FirstId = 1_000, Ids = 20_000, Step = 37, WarmUps = 2;
    private static readonly (int Rows, int Columns, int Rounds)[] Batches = [(1, 12, 101), (16, 32, 11), (16, 128, 7)];

    public static int Run()
    {
        Report.Head("int8 against fp32, bge-small-en-v1.5", "int8");
        if (Int8Folder.Original is not { } original)
        {
            Report.Note("shared/models/bge-small-en-v1.5 is not there: nothing was measured.");
            return 1;
        }
        using Int8Folder seven = new(7), eight = new(8), plain = new(8, isSmoothed: false);
        using StockInt8 stock = new(Path.Combine(original, "onnx", "model.onnx"));
        using Contenders contenders = new([Path.Combine(original, "onnx", "model.onnx"), seven.Model, eight.Model, plain.Model, stock.Path]);
        Report.Note("Milliseconds of fp32, then how many times faster each is: medians over pairs of runs. The last one is the usual export, whose vectors depend on their batch.");
        Report.Columns("texts x tokens", "fp32, ms", "rows, 7 bits, smoothed", "rows, 8 bits, smoothed", "rows, 8 bits", "dynamic int8");
        foreach ((int rows, int columns, int rounds) in Batches)
        {
            double[][] times = contenders.Time(rows, columns, rounds);
            Report.Row([$"{rows} x {columns}", Timing.Median(times[0]), .. times.Skip(1).Select(t => (object)Timing.Median([.. times[0].Zip(t, (a, b) => a / b)]))]);
        }
        return 0;
    }

    /// <summary>Sessions that take turns.</summary>
    private sealed class Contenders(string[] models) : IDisposable
    {
        private readonly EncoderSession[] _sessions = [.. models.Select(m => EncoderSession.Open(m, 1, ExecutionProvider.Cpu))];

        /// <summary>Milliseconds of each session in each round.</summary>
        public double[][] Time(int rows, int columns, int rounds)
        {
            long[] ids = [.. Enumerable.Range(0, rows * columns).Select(i => FirstId + (i * (long)Step % Ids))], mask = [.. Enumerable.Repeat(1L, ids.Length)], types = new long[ids.Length];
            double[][] times = [.. _sessions.Select(_ => new double[rounds])];
            for (int round = -WarmUps; round < rounds; round++)
            {
                for (int turn = 0; turn < _sessions.Length; turn++)
                {
                    int which = (turn + round + WarmUps) % _sessions.Length;
                    (string, long[])[] inputs = [.. _sessions[which].Inputs.Select(name => (name, name switch { "input_ids" => ids, "attention_mask" => mask, _ => types }))];
                    long began = Stopwatch.GetTimestamp();
                    _sessions[which].Run(inputs, rows, columns, "last_hidden_state", (values, _) => values[0]);
                    if (round >= 0)
                    {
                        times[which][round] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                    }
                }
            }
            return times;
        }

        public void Dispose() => Array.ForEach(_sessions, s => s.Dispose());
    }
}
