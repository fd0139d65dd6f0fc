using System.Diagnostics;

namespace Retrieval.Benchmarks;

/// <summary>A way to do the work: timed beside the others on the same inputs.</summary>
internal sealed record Contender(string Name, Func<string, Task> Run)
{
    /// <summary>Milliseconds, one an input.</summary>
    public List<double> Times { get; } = [];

    /// <summary>The half-way time.</summary>
    public double Median => Timing.Median(Times);
}

/// <summary>What a busy machine does to one contender it does to the next, so they take turns input by input.</summary>
internal static class Timing
{
    /// <summary>Runs every contender on every input; who is first changes each time.</summary>
    public static async Task InterleaveAsync(IReadOnlyList<string> inputs, int warmUp, params Contender[] contenders)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            for (int turn = 0; turn < contenders.Length; turn++)
            {
                Contender contender = contenders[(i + turn) % contenders.Length];
                long began = Stopwatch.GetTimestamp();
                await contender.Run(inputs[i]);
                double time = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                if (i >= warmUp)
                {
                    contender.Times.Add(time);
                }
            }
        }
    }

    /// <summary>The median of a contender's time over another's on the same input.</summary>
    public static double Ratio(Contender contender, Contender against) => Median([.. contender.Times.Zip(against.Times, (a, b) => a / b)]);

    /// <summary>The middle value.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
