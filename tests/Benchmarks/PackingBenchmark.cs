using System.Diagnostics;
using Retrieval.Encoder;
using Retrieval.Onnx;
using Retrieval.OnnxRuntime;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// The same texts packed into rows without padding (the pass "packing") and in batches of like length, on one thread: a packed row computes no padding, but its
/// attention looks at every token of the row and masks most of it away.
/// </summary>
internal static class PackingBenchmark
{
    private const int Seed = 13;
    private static readonly int[] RowTokens = [64, 128, 256, 512];

    public static int Run(int count, int rounds)
    {
        Report.Head("Packed rows against batches of like length", $"packing --texts {count} --rounds {rounds}");
        Report.Note($"{count} texts as in 'encode', one run of one thread; all take turns, medians of {rounds} rounds. A row of N tokens holds as many texts as fit (a longer text has a row of its own), rows of like length make batches of 512 tokens.");
        Report.Columns("model", "way", "tokens/s", "packed / like lengths");
        foreach ((string name, string? folder) in ((string, string?)[])[("all-MiniLM-L6-v2, int8 (shipped)", TestData.DefaultModel), ("all-MiniLM-L6-v2, fp32", TestData.FindShared("models", "all-MiniLM-L6-v2"))])
        {
            if (folder is not null)
            {
                Model(name, folder, count, rounds);
            }
        }
        return 0;
    }

    private static void Model(string name, string folder, int count, int rounds)
    {
        string work = Directory.CreateTempSubdirectory("retrieval-packing-").FullName;
        using EncoderModel model = ServedModel.Open(new ModelOptions { Path = folder }, new EncoderOptions { Provider = "cpu" }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).Documents;
        string packed = Path.Combine(work, "packed.onnx");
        try
        {
            new Packing().Apply(OnnxModel.Read(model.GraphFile)).Write(packed);
        }
        catch (PassRefusedException e)
        {
            Report.Row(name, $"refused: {e.Message}", "", "");
            return;
        }
        using EncoderSession session = EncoderSession.Open(packed, 1, ExecutionProvider.Cpu);
        int[][] texts = [.. MixedTexts.Make(count, model.Tokenizer, model.Description.Space.MaxTokens, Seed).Select(t => model.Tokenizer.Encode(t, true, model.Description.Space.MaxTokens).Ids)];
        long tokens = texts.Sum(t => (long)t.Length);
        List<double> like = [];
        double[][] rows = [.. RowTokens.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            like.Add(tokens / Seconds(() => Like(model, texts)));
            for (int r = 0; r < RowTokens.Length; r++)
            {
                rows[r][round] = tokens / Seconds(() => Packed(session, model.Output, texts, RowTokens[r]));
            }
        }
        Report.Row(name, "like lengths", Timing.Median(like), "");
        for (int r = 0; r < RowTokens.Length; r++)
        {
            Report.Row(name, $"rows of {RowTokens[r]}", Timing.Median(rows[r]), Timing.Median([.. rows[r].Zip(like, (a, b) => a / b)]));
        }
        Directory.Delete(work, true);
    }

    private static double Seconds(Action run)
    {
        long began = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void Like(EncoderModel model, int[][] texts)
    {
        BatchQueue queue = new("packing", new BatchLimits(int.MaxValue, 512, TimeSpan.FromHours(1)), TimeProvider.System);
        queue.Add([.. texts.Select(t => new TextWork(new Tokenization.Encoding(t, new int[t.Length], [], [], []), false, 0, CancellationToken.None))], false);
        queue.Close();
        using BatchBuffers buffers = new();
        while (queue.Take() is { } batch)
        {
            model.Run(batch, buffers);
        }
    }

    /// <summary>First fit by falling length.</summary>
    private static void Packed(EncoderSession session, string output, int[][] texts, int rowTokens)
    {
        List<List<int[]>> rows = [];
        List<int> free = [];
        foreach (int[] text in texts.OrderByDescending(t => t.Length))
        {
            int row = free.FindIndex(f => f >= text.Length);
            if (row < 0)
            {
                (row, int size) = (rows.Count, Math.Max(rowTokens, text.Length));
                rows.Add([]);
                free.Add(size);
            }
            rows[row].Add(text);
            free[row] -= text.Length;
        }
        foreach (List<int[]>[] batch in rows.OrderBy(r => r.Sum(t => t.Length)).Chunk(Math.Max(1, 512 / rowTokens)))
        {
            RunRows(session, output, batch);
        }
    }

    private static void RunRows(EncoderSession session, string output, List<int[]>[] batch)
    {
        int columns = batch.Max(r => r.Sum(t => t.Length)), size = batch.Length * columns;
        long[] ids = new long[size], segments = new long[size], positions = new long[size], types = new long[size];
        Array.Fill(segments, -1);
        for (int row = 0; row < batch.Length; row++)
        {
            for (int text = 0, at = row * columns; text < batch[row].Count; text++)
            {
                for (int i = 0; i < batch[row][text].Length; i++, at++)
                {
                    (ids[at], segments[at], positions[at]) = (batch[row][text][i], text, i);
                }
            }
        }
        session.Run([.. session.Inputs.Select(n => (n, n switch { "input_ids" => ids, "segment_ids" => segments, "position_ids" => positions, _ => types }))], batch.Length, columns, output, (values, _) => values[0]);
    }
}
