using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// Ten times the load that the server bears, from this process, which is nice to it: what is answered, what memory does, how long accepted requests take.
/// Capacity is measured first; then requests are sent by the clock, not when an answer is there.
/// </summary>
internal static class OverloadBenchmark
{
    private const int Port = 18_475, Seed = 15, Texts = 2_000, TextsARequest = 16, CapacityClients = 32, CapacitySeconds = 10, Factor = 10, MostInFlight = 4_000;

    public static async Task<int> RunAsync(int seconds, CancellationToken cancellationToken)
    {
        using EncoderServer server = await EncoderServer.StartAsync(Port, ["--Encoder:CacheBytes", "0", "--Encoder:QueueTokens", "32768"], cancellationToken);
        Process.GetCurrentProcess().PriorityClass = ProcessPriorityClass.Idle; // nice 19; the server was started before
        Tokenization.Tokenizer tokenizer = Tokenization.Tokenizer.Load(Path.Combine(TestData.DefaultModel, "tokenizer.json"));
        byte[][] bodies = [.. await Task.WhenAll(MixedTexts.Make(Texts, tokenizer, 256, Seed).Chunk(TextsARequest).Select(t => EncoderServer.Body(t).ReadAsByteArrayAsync(cancellationToken)))];
        using HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = MostInFlight }) { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        double capacity = await CapacityAsync(http, bodies, cancellationToken);

        Report.Head($"{Factor} times overload", $"overload --seconds {seconds}");
        Report.Note($"{TextsARequest} texts of 'encode' a request to {EncoderServer.Route}, shipped model, Encoder:QueueTokens 32768. The server bears {capacity:0.0} requests/s ({CapacityClients} clients, closed loop); {Factor} times as many are sent by the clock for {seconds} s from one process at nice 19.");
        Outcome outcome = await FloodAsync(server, http, bodies, Factor * capacity, seconds, cancellationToken);
        Report.Columns("sent/s", "of capacity", "answers", "accepted/s", "accepted p50, s", "accepted p99, s", "memory after 30 s, MiB", "largest in the last third, MiB", "growth");
        double[] times = [.. outcome.Accepted.Order()], early = [.. outcome.Memory.Where(m => m.Second >= Math.Min(30, seconds / 6.0)).Take(5).Select(m => m.MiB)], late = [.. outcome.Memory.Where(m => m.Second >= seconds * 2 / 3).Select(m => m.MiB)];
        Report.Row(outcome.Sent / (double)seconds, outcome.Sent / (seconds * capacity), string.Join(", ", outcome.Statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")), times.Length / (double)seconds, Quantile(times, 0.5), Quantile(times, 0.99),
            Timing.Median(early), late.Max(), string.Create(CultureInfo.InvariantCulture, $"{100 * (late.Max() / Timing.Median(early) - 1):0.0} %"));
        return outcome.Statuses.Keys.Except(["200", "429", "503"]).Any() ? 1 : 0;
    }

    private static double Quantile(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];

    private static async Task<double> CapacityAsync(HttpClient http, byte[][] bodies, CancellationToken cancellationToken)
    {
        int next = 0, done = 0;
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, CapacityClients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < CapacitySeconds)
            {
                if (await EncoderServer.EmbedAsync(http, Json(bodies[Interlocked.Increment(ref next) % bodies.Length]), cancellationToken) == 200)
                {
                    Interlocked.Increment(ref done);
                }
            }
        }));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Sends by the clock; a request that finds too many of its own in flight counts as not sent, so that this process stays bounded too.</summary>
    private static async Task<Outcome> FloodAsync(EncoderServer server, HttpClient http, byte[][] bodies, double rate, int seconds, CancellationToken cancellationToken)
    {
        Outcome outcome = new();
        using SemaphoreSlim inFlight = new(MostInFlight);
        List<Task> tasks = [];
        long began = Stopwatch.GetTimestamp();
        for (double now = 0, lastLook = -1; now < seconds; now = Stopwatch.GetElapsedTime(began).TotalSeconds)
        {
            while (outcome.Sent < now * rate && inFlight.Wait(0, cancellationToken))
            {
                tasks.Add(SendAsync(http, bodies[outcome.Sent++ % bodies.Length], inFlight, outcome, cancellationToken));
            }
            if (now - lastLook >= 1)
            {
                outcome.Memory.Add((lastLook = now, server.ResidentMiB()));
                tasks.RemoveAll(t => t.IsCompleted);
            }
            await Task.Delay(1, cancellationToken);
        }
        await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromMinutes(3), cancellationToken);
        return outcome;
    }

    private static async Task SendAsync(HttpClient http, byte[] body, SemaphoreSlim inFlight, Outcome outcome, CancellationToken cancellationToken)
    {
        long sent = Stopwatch.GetTimestamp();
        string status;
        try
        {
            int code = await EncoderServer.EmbedAsync(http, Json(body), cancellationToken);
            status = $"{code}";
            if (code == 200)
            {
                outcome.Accepted.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            status = e.GetType().Name;
        }
        finally
        {
            inFlight.Release();
        }
        outcome.Statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
    }

    private static ByteArrayContent Json(byte[] body)
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new("application/json");
        return content;
    }

    private sealed class Outcome
    {
        public int Sent { get; set; }
        public ConcurrentDictionary<string, int> Statuses { get; } = new();
        public ConcurrentBag<double> Accepted { get; } = [];
        public List<(double Second, double MiB)> Memory { get; } = [];
    }
}
