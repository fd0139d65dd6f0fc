using System.Diagnostics;
using Retrieval.Encoder;

namespace Retrieval.Benchmarks;

/// <summary>Seconds that a text of a length takes in the best batch of its own length, with a number of runs at once.</summary>
internal sealed class LengthTimes(EncoderModel model, int threads)
{
    private const int MostTokens = 2048; // beyond it no length got faster
    private const double MeasureSeconds = 0.05;
    private static readonly int[] Lengths = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512], Sizes = [1, 2, 4, 8, 16, 32, 64];
    private readonly Dictionary<int, double> _seconds = [];

    /// <summary>Tokens a second if every text ran in its best batch.</summary>
    public double Limit(int[] lengths) => lengths.Sum() / lengths.Sum(Seconds);

    /// <summary>Between measured lengths on the straight line.</summary>
    private double Seconds(int length)
    {
        int above = Array.FindIndex(Lengths, l => l >= length);
        (int low, int high) = (Lengths[Math.Max(0, above - 1)], Lengths[above]);
        return high == low || length <= Lengths[0] ? Best(high) : Best(low) + (Best(high) - Best(low)) * (length - low) / (high - low);
    }

    private double Best(int length)
    {
        if (!_seconds.TryGetValue(length, out double seconds))
        {
            _seconds[length] = seconds = Sizes.Where(s => s == 1 || s * length <= MostTokens).Min(s => Measure(length, s));
        }
        return seconds;
    }

    private double Measure(int length, int size)
    {
        long began = Stopwatch.GetTimestamp();
        int[] runs = new int[threads];
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(t => new Thread(() => runs[t] = Repeat(length, size, began)))];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        return Stopwatch.GetElapsedTime(began).TotalSeconds / (runs.Sum() * size);
    }

    private int Repeat(int length, int size, long began)
    {
        using BatchBuffers buffers = new();
        string text = string.Join(' ', Enumerable.Repeat("retrieval of passages by meaning and by words", length / 4 + 1));
        Tokenization.Encoding tokens = model.Tokenizer.Encode(text, true, length);
        int runs = 0;
        while (runs == 0 || Stopwatch.GetElapsedTime(began).TotalSeconds < MeasureSeconds)
        {
            model.Run([.. Enumerable.Range(0, size).Select(_ => new TextWork(tokens, false, 0, CancellationToken.None))], buffers);
            runs++;
        }
        return runs;
    }
}
