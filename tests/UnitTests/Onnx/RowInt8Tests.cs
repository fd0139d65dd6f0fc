using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Retrieval.Onnx;
using Retrieval.Tests.Data;
using Retrieval.Tokenization;

namespace Retrieval.UnitTests.Onnx;

public sealed class RowInt8Tests(ITestOutputHelper output)
{
    private const int Width = 384, Calibration = 100, MostTokens = 128;

    [Fact]
    public void A_real_model_keeps_its_vectors_and_gives_the_same_in_any_batch()
    {
        OnnxModel source = OnnxModel.Read(Path.Combine(Shared.Require("models", "bge-small-en-v1.5"), "onnx", "model.onnx"));
        RowInt8 pass = new(Calibrate(source, Texts()));
        using ModelRun plain = new(source), quantised = new(pass.Apply(source));
        Npz reference = Npz.Read(Path.Combine(Shared.Require("golden", "real"), "cases.npz"));
        long[] ids = reference.Longs("bge.passage.ids"), offsets = reference.Longs("bge.passage.offsets");
        long[][] texts = [.. Enumerable.Range(0, offsets.Length - 1).Select(i => ids[(int)offsets[i]..(int)offsets[i + 1]]).Where(t => t.Length <= MostTokens)];
        float[][] alone = [.. texts.Select(t => First(quantised, [t])[0])];
        double[] cosines = [.. texts.Zip(alone, (t, q) => Cosine(First(plain, [t])[0], q))];
        output.WriteLine($"cosine to single precision: min {cosines.Min():F4}, mean {cosines.Average():F4} over {cosines.Length} texts");
        float[][] together = [.. texts.Chunk(16).SelectMany(b => First(quantised, b))];
        output.WriteLine($"against batches of 16: worst cosine {alone.Zip(together, Cosine).Min():F9}, {alone.Zip(together, (a, b) => a.SequenceEqual(b)).Count(e => e)} of {alone.Length} to the bit");
        cosines.Average().ShouldBeGreaterThanOrEqualTo(0.997);
        alone.Zip(together, Cosine).Min().ShouldBeGreaterThan(0.999999);
        foreach ((int rows, int tokens) in new[] { (1, 12), (16, 32), (16, 128) })
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} x {tokens}: {Ratio(plain, quantised, rows, tokens):F2} times as fast"));
        }
    }

    private static float[][] Calibrate(OnnxModel source, IEnumerable<long[]> texts)
    {
        using ModelRun run = new(new ActivationMaxima().Apply(source));
        float[][] most = [.. run.Outputs.Select(_ => Array.Empty<float>())];
        foreach (long[] text in texts)
        {
            float[][] own = run.Run(Inputs([text], out long[] shape), shape, run.Outputs);
            most = [.. most.Zip(own, (m, o) => m.Length == 0 ? o : [.. m.Zip(o, Math.Max)])];
        }
        return most;
    }

    private static long[][] Texts()
    {
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(Shared.Require("models", "bge-small-en-v1.5"), "tokenizer.json"));
        return [.. File.ReadLines(Path.Combine(Shared.Require("eval", "perlfaq"), "corpus.jsonl")).Take(Calibration)
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("text").GetString()!).Select(t => tokenizer.Encode(t, true, MostTokens).Ids.ToArray().Select(i => (long)i).ToArray())];
    }

    private static Dictionary<string, long[]> Inputs(long[][] texts, out long[] shape)
    {
        int columns = texts.Max(t => t.Length);
        shape = [texts.Length, columns];
        return new Dictionary<string, long[]>
        {
            ["input_ids"] = [.. texts.SelectMany(t => t.Concat(new long[columns - t.Length]))],
            ["attention_mask"] = [.. texts.SelectMany(t => Enumerable.Range(0, columns).Select(i => i < t.Length ? 1L : 0))],
            ["token_type_ids"] = new long[texts.Length * columns],
        };
    }

    private static float[][] First(ModelRun run, long[][] texts) => [.. run.Run(Inputs(texts, out long[] shape), shape).Chunk(Width * (int)shape[1]).Select(r => r[..Width])];

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));

    private static double Ratio(ModelRun plain, ModelRun quantised, int rows, int tokens)
    {
        long[][] texts = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, tokens).Select(t => 1000L + (r * 31) + t).ToArray())];
        double Time(ModelRun run)
        {
            long start = Stopwatch.GetTimestamp();
            First(run, texts);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        double[] ratios = [.. Enumerable.Range(0, rows == 1 ? 21 : 7).Select(_ => Time(plain) / Time(quantised)).Order()];
        return ratios[ratios.Length / 2];
    }
}
