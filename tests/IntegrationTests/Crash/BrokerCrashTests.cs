using System.Globalization;
using Retrieval.IntegrationTests.Queue;
using Retrieval.Tests.Data;

namespace Retrieval.IntegrationTests.Crash;

public sealed class BrokerCrashTests(ITestOutputHelper output)
{
    private const int ShortKills = 30, FullKills = 1000, KillsAPart = 50, Seed = 20_261_125;

    [Fact]
    public async Task Every_accepted_change_ends_once_and_right_when_host_worker_and_broker_are_killed_at_random()
    {
        Assert.SkipUnless(BrokerNode.Missing is null, BrokerNode.Missing ?? "");
        int seed = Environment.GetEnvironmentVariable("RETRIEVAL_TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Seed;
        await RunAsync(seed, ShortKills, output.WriteLine);
    }

    /// <summary>In parts, each with its own data and seed. Where RETRIEVAL_CRASH_LOG names a file, a part that it lists is not run again: a run that was cut off goes on.</summary>
    [Fact]
    public async Task A_thousand_kills()
    {
        FullRun.Require("a thousand kills take an hour.");
        Assert.SkipUnless(BrokerNode.Missing is null, BrokerNode.Missing ?? "");
        string? log = Environment.GetEnvironmentVariable("RETRIEVAL_CRASH_LOG");
        string[] done = log is not null && File.Exists(log) ? File.ReadAllLines(log) : [];
        for (int part = 0; part < FullKills / KillsAPart; part++)
        {
            int seed = Seed + 1 + part;
            if (!Array.Exists(done, line => line.StartsWith($"seed {seed}:", StringComparison.Ordinal)))
            {
                await RunAsync(seed, KillsAPart, line =>
                {
                    output.WriteLine(line);
                    File.AppendAllText(log ?? "/dev/null", $"{line}\n");
                });
            }
        }
    }

    private static async Task RunAsync(int seed, int kills, Action<string> say)
    {
        await using BrokerNode broker = await BrokerNode.StartAsync(TestContext.Current.CancellationToken);
        long began = TimeProvider.System.GetTimestamp();
        (int acknowledged, string killed) = await CrashRun.RunAsync(seed, kills, broker);
        acknowledged.ShouldBeGreaterThan(kills * 2, $"seed {seed}: too little was accepted to show anything");
        say(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {kills} kills ({killed}), {acknowledged} changes accepted, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s"));
    }
}
