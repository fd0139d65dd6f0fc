using System.Diagnostics;
using Retrieval.Contracts;
using Retrieval.Encoder;
using Retrieval.Tests.Data;

namespace Retrieval.Benchmarks;

/// <summary>
/// What HTTP costs: as many clients at once, each with one text a request and the next when the answer is there, against the encoder's server and against the
/// encoder in this process. Both take turns, slice by slice.
/// </summary>
internal static class HttpBenchmark
{
    private const int Port = 18_474, Seed = 14, Texts = 2_000;
    private static readonly int[] Clients = [1, 8, 64];

    public static async Task<int> RunAsync(int seconds, int rounds, CancellationToken cancellationToken)
    {
        using EncoderServer server = await EncoderServer.StartAsync(Port, ["--Encoder:CacheBytes", "0"], cancellationToken);
        using LocalEncoder encoder = EncodeBenchmark.Open(TestData.DefaultModel);
        EncoderDescription model = await encoder.DescribeAsync(null, cancellationToken);
        string[] texts = MixedTexts.Make(Texts, Tokenization.Tokenizer.Load(Path.Combine(TestData.DefaultModel, "tokenizer.json")), model.Space.MaxTokens, Seed);
        using HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = Clients.Max() }) { BaseAddress = server.Address };
        Report.Head("The encoder over HTTP", $"http --seconds {seconds} --rounds {rounds}");
        Report.Note($"One text of 'encode' a request to {EncoderServer.Route}, shipped model, no kept vectors; server and clients are two processes on the same processors. {rounds} rounds of {seconds} s for each, in turn; medians.");
        Report.Columns("clients", "in process, texts/s", "over HTTP, texts/s", "HTTP / in process", "in process, p50 ms", "over HTTP, p50 ms", "HTTP adds, ms");
        foreach (int clients in Clients)
        {
            List<Slice> inside = [], outside = [];
            for (int round = -1; round < rounds; round++) // the first one warms up
            {
                Slice own = await SliceAsync(clients, seconds, texts, t => encoder.EmbedAsync(new EmbedRequest([t]), cancellationToken)), other = await SliceAsync(clients, seconds, texts, async t =>
                {
                    int status = await EncoderServer.EmbedAsync(http, EncoderServer.Body(t), cancellationToken);
                    _ = status == 200 ? true : throw new InvalidOperationException($"The server answered {status}.");
                });
                if (round >= 0)
                {
                    inside.Add(own);
                    outside.Add(other);
                }
            }
            double insideMs = Timing.Median([.. inside.Select(s => s.MedianMs)]), outsideMs = Timing.Median([.. outside.Select(s => s.MedianMs)]);
            Report.Row(clients, Timing.Median([.. inside.Select(s => s.Rate)]), Timing.Median([.. outside.Select(s => s.Rate)]), Timing.Median([.. outside.Zip(inside, (o, i) => o.Rate / i.Rate)]), insideMs, outsideMs,
                Timing.Median([.. outside.Zip(inside, (o, i) => o.MedianMs - i.MedianMs)]));
        }
        return 0;
    }

    private static async Task<Slice> SliceAsync(int clients, int seconds, string[] texts, Func<string, Task> embed)
    {
        int next = 0;
        long began = Stopwatch.GetTimestamp();
        List<double>[] times = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            await Task.Yield();
            List<double> own = [];
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                long sent = Stopwatch.GetTimestamp();
                await embed(texts[Interlocked.Increment(ref next) % texts.Length]);
                own.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
            return own;
        }));
        double[] all = [.. times.SelectMany(t => t)];
        return new Slice(all.Length / Stopwatch.GetElapsedTime(began).TotalSeconds, Timing.Median(all));
    }

    private sealed record Slice(double Rate, double MedianMs);
}
