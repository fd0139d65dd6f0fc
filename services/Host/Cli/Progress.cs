using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>A progress bar with rate and time left on a terminal; one line at the end where there is none.</summary>
internal static class Progress
{
    /// <summary>Runs work that calls its argument once an item.</summary>
    public static Task RunAsync(IAnsiConsole console, string title, string items, int total, Func<Action, Task> work)
    {
        int done = 0;
        return RunAsync(console, title, items, total, tell => work(() => tell(Interlocked.Increment(ref done), title)));
    }

    /// <summary>Runs work that tells its argument how many items are done, parts of them too, and what it is at.</summary>
    public static async Task RunAsync(IAnsiConsole console, string title, string items, int total, Func<Action<double, string>, Task> work)
    {
        long began = TimeProvider.System.GetTimestamp();
        if (console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal)
        {
            await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RateColumn(began), new RemainingTimeColumn())
                .StartAsync(async context =>
                {
                    ProgressTask task = context.AddTask(title, maxValue: total);
                    await work((done, what) => (task.Value, task.Description) = (Math.Max(task.Value, done), Markup.Escape(what)));
                });
        }
        else
        {
            await work((_, _) => { });
        }
        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        console.WriteLine(FormattableString.Invariant($"{title}: {total} {items} in {seconds:F1} s ({Rate(total / Math.Max(seconds, 1e-3))} a second)"));
    }

    private static string Rate(double rate) => rate.ToString(rate >= 10 ? "F0" : "G2", System.Globalization.CultureInfo.InvariantCulture);

    private sealed class RateColumn(long began) : ProgressColumn
    {
        public override Spectre.Console.Rendering.IRenderable Render(Spectre.Console.Rendering.RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text($"{Rate(task.Value / Math.Max(0.1, TimeProvider.System.GetElapsedTime(began).TotalSeconds))}/s");
    }
}
