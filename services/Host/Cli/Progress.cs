using Spectre.Console;

namespace Retrieval.Host.Cli;

/// <summary>A progress bar with rate and time left on a terminal; one line at the end where there is none.</summary>
internal static class Progress
{
    /// <summary>Runs work that calls its argument once an item.</summary>
    public static async Task RunAsync(IAnsiConsole console, string title, string items, int total, Func<Action, Task> work)
    {
        long began = TimeProvider.System.GetTimestamp();
        if (console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal)
        {
            await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RateColumn(began), new RemainingTimeColumn())
                .StartAsync(async context =>
                {
                    ProgressTask task = context.AddTask(title, maxValue: total);
                    await work(() => task.Increment(1));
                });
        }
        else
        {
            await work(() => { });
        }
        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        console.WriteLine(FormattableString.Invariant($"{title}: {total} {items} in {seconds:F1} s ({total / Math.Max(seconds, 1e-3):F0} a second)"));
    }

    private sealed class RateColumn(long began) : ProgressColumn
    {
        public override Spectre.Console.Rendering.IRenderable Render(Spectre.Console.Rendering.RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(FormattableString.Invariant($"{task.Value / Math.Max(0.1, TimeProvider.System.GetElapsedTime(began).TotalSeconds):F0}/s"));
    }
}
