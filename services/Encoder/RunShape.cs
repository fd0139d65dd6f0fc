using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retrieval.OnnxRuntime;

namespace Retrieval.Encoder;

/// <summary>How a model uses the processors: as many runs at once, and threads inside them. Runs share one session, so that its weights are held once.</summary>
/// <param name="Runs">At once, each on a thread of its own.</param>
/// <param name="RunThreads">Of the session's pool that every run may use, the caller's own counted; 1: none.</param>
/// <param name="Why">For people.</param>
internal sealed record RunShape(int Runs, int RunThreads, string Why)
{
    private const int BatchTokens = 512, Columns = 64, MostMeasures = 8;
    private const double Worthwhile = 1.05;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(120), Budget = TimeSpan.FromSeconds(1.2);

    /// <summary>What the options say, what was measured before, or what is measured now.</summary>
    public static RunShape Choose(EncoderModel model, Serving serving)
    {
        EncoderOptions options = serving.Options;
        if (options.Threads > 0 || options.RunThreads > 0)
        {
            return new RunShape(options.Runs, Math.Max(1, options.RunThreads), "set");
        }
        RunShape usual = model.IsGpu ? new RunShape(2, 1, "usual on a GPU: one copies while one computes") : new RunShape(options.Runs, 1, "usual");
        if (model.IsGpu || !options.Calibrate || options.Runs == 1)
        {
            return usual;
        }
        string file = Path.Combine(options.CompiledFolder, Key(model, options.Runs) + ".runs");
        if (Read(file) is { } known)
        {
            return known;
        }
        try
        {
            RunShape measured = Measure(model, usual);
            Write(file, measured, serving);
            return measured;
        }
        catch (Exception e) when (e is not OperationCanceledException) // a model that cannot run the measurement's text may run others
        {
            return usual with { Why = $"usual: measuring failed: {e.Message}" };
        }
    }

    /// <summary>
    /// Others replace the usual one only when they are clearly faster than it was before and after them: a busy moment must not turn it over, since the answer
    /// stays.
    /// </summary>
    private static RunShape Measure(EncoderModel model, RunShape usual)
    {
        long began = Stopwatch.GetTimestamp();
        int cores = usual.Runs, half = cores / 2;
        double first = Rate(model, usual), best = first;
        RunShape chosen = usual;
        foreach (RunShape other in ((RunShape[])[new(1, cores, ""), new(half, cores - half + 1, "")]).Where(o => o.Runs > 0).Distinct())
        {
            if (Stopwatch.GetElapsedTime(began) < Budget && Rate(model, other) is var own && own > best * Worthwhile)
            {
                first = Math.Max(first, Rate(model, usual));
                (chosen, best) = own > first * Worthwhile ? (other, own) : (chosen, Math.Max(best, first));
            }
        }
        return chosen with { Why = string.Create(CultureInfo.InvariantCulture, $"measured: {best:F0} tokens/s, one run a processor {first:F0}") };
    }

    /// <summary>Tokens a second of short batches on so many threads.</summary>
    private static double Rate(EncoderModel model, RunShape shape)
    {
        model.OpenThreads(shape.RunThreads);
        int runs = shape.Runs;
        int columns = Math.Min(Columns, model.Description.Space.MaxTokens);
        Repeat(model, columns, TimeSpan.Zero); // the first run of a session makes room
        long began = Stopwatch.GetTimestamp();
        long[] tokens = new long[runs];
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, runs).Select(i => new Thread(() =>
        {
            try
            {
                tokens[i] = Repeat(model, columns, Slice);
            }
            catch (Exception e) // thrown below: on this thread it would end the process
            {
                failure = e;
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        return failure is not null ? throw new InvalidOperationException(failure.Message, failure) : tokens.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static long Repeat(EncoderModel model, int columns, TimeSpan time)
    {
        using BatchBuffers buffers = new();
        long began = Stopwatch.GetTimestamp(), tokens = 0;
        for (int i = 0; i < MostMeasures && (i == 0 || Stopwatch.GetElapsedTime(began) < time); i++)
        {
            List<TextWork> batch = [.. Enumerable.Range(0, Math.Max(1, BatchTokens / columns)).Select(_ => model.Known(columns))];
            model.Run(batch, buffers);
            tokens += batch.Count * columns;
        }
        return tokens;
    }

    private static string Key(EncoderModel model, int cores) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"runs/1\n{model.Description.Space.Weights}\n{Processor()}\n{cores}\n{EncoderSession.RuntimeVersion}")));

    private static string Processor() => File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) ?? "" : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "";

    private static RunShape? Read(string file)
    {
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Split(' ', 3) is [var runs, var threads, var why] && int.TryParse(runs, out int r) && int.TryParse(threads, out int t) && r is > 0 and <= 1024 && t is > 0 and <= 1024
                ? new RunShape(r, t, why) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A folder that cannot be written costs the measurement at every start, not the start.</summary>
    private static void Write(string file, RunShape shape, Serving serving)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string own = $"{file}.{Environment.ProcessId}";
            File.WriteAllText(own, string.Create(CultureInfo.InvariantCulture, $"{shape.Runs} {shape.RunThreads} {shape.Why}"));
            File.Move(own, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.RunsNotKept(serving.Logger, file, e.Message);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Runs} at once, {RunThreads} {(RunThreads == 1 ? "thread" : "threads")} ({Why})");
}
